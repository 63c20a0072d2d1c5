#include "extensions/bearertokenauth/token_file.h"

#include "access/field_text.h"

namespace millrace::extensions {

Result<std::vector<std::string>> parse_token_file(std::string_view text, const std::string& path) {
  std::vector<std::string> tokens;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    const std::string_view token = access::trimmed(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (token.empty()) continue;
    if (!access::is_value(token)) {
      return fail(Code::kInvalidArgument, path + ": a token contains control characters");
    }
    tokens.emplace_back(token);
  }
  if (tokens.empty()) return fail(Code::kInvalidArgument, path + ": the file contains no token");
  return tokens;
}

}  // namespace millrace::extensions
