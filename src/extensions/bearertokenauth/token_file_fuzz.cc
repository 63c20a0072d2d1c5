// Any text is a token file or an error that shows no part of it. Each token of the file, sent in
// the header field, admits a request; any other value does not.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <sstream>
#include <string>

#include "access/field_text.h"
#include "access/testing/authenticate.h"
#include "base/check.h"
#include "base/testing/fuzz_input.h"
#include "extensions/bearertokenauth/bearer_token_auth.h"
#include "extensions/bearertokenauth/token_file.h"
#include "http/header_list.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace millrace;
  testing::FuzzInput input(data, size);
  const std::string shown(input.text());
  const std::string text(input.rest_text());
  const auto tokens = extensions::parse_token_file(text, "tokens");
  if (!tokens) {
    MILLRACE_CHECK(tokens.error().message == "tokens: a token contains control characters" ||
                   tokens.error().message == "tokens: the file contains no token");
    return 0;
  }
  // The expected tokens: the lines, each without blanks around it.
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) {
    if (const auto token = access::trimmed(line); !token.empty()) lines.emplace_back(token);
  }
  MILLRACE_CHECK(lines == *tokens);
  const auto auth = extensions::make_bearer_token_auth(
      {.scheme = "Bearer", .header = "Authorization", .tokens = *tokens});
  MILLRACE_CHECK(auth.has_value());
  const auto lets_in = [&](const std::string& value) {
    http::HeaderList fields;
    fields.append("authorization", value);
    return access::testing::authenticate_now(*auth->server, fields, MonotonicTime{}).has_value();
  };
  for (size_t i = 0; i < std::min<size_t>(tokens->size(), 4); ++i) {
    MILLRACE_CHECK(lets_in("bearer " + (*tokens)[i]) && !lets_in((*tokens)[i] + " "));
  }
  const bool is_known = std::ranges::find(*tokens, shown) != tokens->end();
  MILLRACE_CHECK(lets_in("Bearer " + shown) == is_known);
  MILLRACE_CHECK(!lets_in("Basic " + shown));
  return 0;
}
