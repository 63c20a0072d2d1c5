// Values of options: durations are within their bounds and equal the C library's number, headers
// are cut at their first sign, endpoints parse again after formatting, codes by name or number.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "base/check.h"
#include "base/testing/fuzz_input.h"
#include "daemon/otlp_client/option_values.h"

namespace {

using namespace millrace;
using namespace millrace::load;

void check_duration(const std::string& text) {
  const auto read = parse_duration(text);
  if (!read) return;
  MILLRACE_CHECK(*read >= 0ns && read->count() < 3'000'000'000'000'000'000);
  char* unit = nullptr;
  const double number = std::strtod(text.c_str(), &unit);
  if (std::string(unit) != "s" && *unit != '\0') return;
  MILLRACE_CHECK(std::abs(static_cast<double>(read->count()) - number * 1e9) <=
                 1 + number * 1e9 * 1e-12);
}

void check_header(std::string_view text) {
  const auto header = parse_header(text);
  const size_t sign = text.find_first_of("=:");
  MILLRACE_CHECK(header.has_value() == (sign != std::string_view::npos && sign > 0));
  if (!header) return;
  MILLRACE_CHECK(header->name.size() == sign && text.ends_with(header->value));
  MILLRACE_CHECK(parse_header(header->name + "=" + header->value) == header);
}

void check_endpoint(std::string_view text) {
  const auto endpoint = parse_endpoint(text, 4317);
  if (!endpoint) return;
  MILLRACE_CHECK(!endpoint->host.empty());
  MILLRACE_CHECK(endpoint->host.find('/') == std::string::npos);
  MILLRACE_CHECK(endpoint->path.empty() || endpoint->path.front() == '/');
  const bool is_bare = endpoint->host.find(':') == std::string::npos;
  const std::string host = is_bare ? endpoint->host : "[" + endpoint->host + "]";
  const auto again = parse_endpoint((endpoint->tls ? "https://" : "http://") + host + ":" +
                                        std::to_string(endpoint->port) + endpoint->path,
                                    1);
  MILLRACE_CHECK(again.has_value());
  MILLRACE_CHECK(again->host == endpoint->host && again->port == endpoint->port);
  MILLRACE_CHECK(again->path == endpoint->path && again->tls == endpoint->tls);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(testing::FuzzInput(data, size).rest_text());
  check_duration(text);
  check_header(text);
  check_endpoint(text);
  if (const auto code = parse_code(text)) {
    MILLRACE_CHECK(parse_code(code_name(*code)) == code);
  }
  return 0;
}
