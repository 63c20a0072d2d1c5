// For any answer of a token endpoint: a token that is used fits into one header line and ends at
// some time, and an error is no longer than a few lines.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/check.h"
#include "base/testing/fuzz_input.h"
#include "extensions/oauth2client/token.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace millrace;
  if (size == 0) return 0;
  const int status = data[0] % 2 == 0 ? 200 : 200 + data[0];
  const std::string_view body = millrace::testing::FuzzInput(data + 1, size - 1).rest_text();
  const auto token = extensions::read_token(status, body);
  if (!token) {
    MILLRACE_CHECK(token.error().message.size() < 1024);
    return 0;
  }
  MILLRACE_CHECK(token->authorization.size() <= extensions::kTokenBytesMax + body.size());
  MILLRACE_CHECK(std::ranges::none_of(token->authorization, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7f;
  }));
  MILLRACE_CHECK(!token->lifetime || *token->lifetime > 0s);
  return 0;
}
