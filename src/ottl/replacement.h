// Replaces the matches of a pattern by a template in which `$1`, `${1}` and `${name}` are groups of
// the match and `$$` is a dollar sign (regexp.Expand of Go).
//
// Pure functions. Cost: linear in text and result, which is bounded by Scratch::kBytesMax.
#pragma once

#include <re2/re2.h>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ottl/program.h"

namespace millrace::ottl {

class Template {
 public:
  Template(std::string_view text, const re2::RE2& pattern);

  void expand(const std::vector<re2::StringPiece>& groups, std::string* out) const;

 private:
  struct Part {
    std::string_view literal;
    int group = -1;  // negative: the literal
  };
  std::vector<Part> parts_;
};

// What a function makes of the expanded template; null: the template itself.
using Transform = std::function<Evaluated<std::string>(std::string_view expanded)>;

// Nothing when there is no match. An error when the transform fails, or when the result would be
// too large or not valid UTF-8.
Evaluated<std::optional<std::string>> replace_matches(std::string_view text,
                                                      const re2::RE2& pattern,
                                                      const Template& replacement,
                                                      const Transform& transform);

}  // namespace millrace::ottl
