// A match of a whole text, and texts made from it: "$1", "${1}", "$name", "${name}" are its groups,
// "$$" is a dollar sign. As Go's regexp.Expand: the longest name counts, so "$1x" is the group
// "1x", and a group that there is not is empty.
#pragma once

#include <re2/re2.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::receivers::prometheus {

class Match {
 public:
  // Both must outlive the match.
  Match(const re2::RE2& regex, std::string_view text);
  bool found() const { return found_; }
  // Precondition: found(). Nothing: longer than `bytes_max`.
  std::optional<std::string> expand(std::string_view text, size_t bytes_max) const;

 private:
  std::string_view group(std::string_view name) const;

  const re2::RE2& regex_;
  std::vector<re2::StringPiece> groups_;
  bool found_ = false;
};

}  // namespace millrace::receivers::prometheus
