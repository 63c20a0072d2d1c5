// A request is admitted exactly when its Authorization is "Basic", a blank, and the base64 of a
// name, a colon and that name's password. A second check, through the cache, gives the same result.
#include <cstddef>
#include <cstdint>
#include <string>

#include "access/testing/authenticate.h"
#include "base/check.h"
#include "base/testing/fuzz_input.h"
#include "extensions/basicauth/basic_auth.h"
#include "http/grpc_wire.h"
#include "http/header_list.h"

namespace {

using namespace millrace;

// "one:word" and "two:" as `htpasswd -s` writes them.
constexpr const char* kUsers =
    "one:{SHA}PLzZCtxLGSqHpiWFC38jHK3fDrM=\n"
    "two:{SHA}2jmj7l5rSw0yVb/vlWAYkK/YBwk=\n";

std::string scheme_and_rest(testing::FuzzInput& input) {
  constexpr const char* kSchemes[] = {"Basic ", "basic ", "BASIC ", "Basic", "Bearer ", ""};
  const std::string scheme = kSchemes[input.choice(std::size(kSchemes))];
  const size_t how = input.choice(4);
  if (how == 0) return scheme + http::encode_base64("one:word");
  if (how == 1) return scheme + http::encode_base64("two:") + "=";
  if (how == 2) return scheme + http::encode_base64(input.rest_text());
  return scheme + std::string(input.rest_text());
}

bool is_right(const std::string& value) {
  if (value.size() < 6) return false;
  std::string scheme = value.substr(0, 6);
  for (char& c : scheme) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 0x20) : c;
  const auto decoded = http::decode_base64(value.substr(6));
  return scheme == "basic " && (decoded == "one:word" || decoded == "two:");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  testing::FuzzInput input(data, size);
  static const auto auth = extensions::make_basic_auth(
      {.htpasswd = extensions::BasicAuthOptions::Htpasswd{.file = "", .inline_text = kUsers},
       .client_auth = {}});
  static MonotonicTime now{};
  MILLRACE_CHECK(auth.has_value());
  const std::string value = scheme_and_rest(input);
  http::HeaderList fields;
  fields.append("authorization", value);
  now += 1s;  // refills the budget for guesses
  for (int i = 0; i < 2; ++i) {
    const auto identity = access::testing::authenticate_now(*auth->server, fields, now);
    MILLRACE_CHECK(identity.has_value() == is_right(value));
    if (!identity) MILLRACE_CHECK(identity.error().code == Code::kUnauthenticated);
  }
  return 0;
}
