// The query of a URL: names and values, percent-decoded. Bounded by the size of the text; a name or
// value that is not UTF-8 after decoding makes the query invalid.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace millrace::extensions::console {

class Query {
 public:
  // Error: kInvalidArgument in words.
  static Result<Query> parse(std::string_view text);

  // The last value of that name; empty: not there.
  std::string text(std::string_view name) const;
  std::vector<std::string> all(std::string_view name) const;
  bool has(std::string_view name) const;
  // Each of the following is an error when the value is no such thing, and `otherwise` when there
  // is none.
  Result<uint64_t> number(std::string_view name, uint64_t otherwise, uint64_t least,
                          uint64_t most) const;
  Result<double> real(std::string_view name, double otherwise) const;
  Result<bool> boolean(std::string_view name, bool otherwise) const;

 private:
  struct Parameter {
    std::string name;
    std::string value;
  };
  std::vector<Parameter> parameters_;
};

}  // namespace millrace::extensions::console
