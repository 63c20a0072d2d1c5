// A URL that reads has a host, nothing in it that would end a line of a request, and written from
// its parts it reads as the same again.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/check.h"
#include "base/testing/fuzz_input.h"
#include "io/address.h"
#include "transport/client/web_url.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace millrace;
  const std::string_view text = millrace::testing::FuzzInput(data, size).rest_text();
  const auto is_line_safe = [](std::string_view part) {
    return std::ranges::all_of(part, [](char c) { return c > ' ' && c < '\x7f'; });
  };
  MILLRACE_CHECK(is_line_safe(transport::encode_form_text(text)));
  MILLRACE_CHECK(transport::encode_path_segment(text).find('/') == std::string::npos);
  const auto url = transport::parse_web_url(text);
  if (!url) return 0;
  MILLRACE_CHECK(!url->host.empty() && url->path.starts_with('/'));
  MILLRACE_CHECK(is_line_safe(url->path) && is_line_safe(url->authority()));
  if (io::is_unix_host(url->host)) return 0;
  MILLRACE_CHECK(url->port != 0);
  const auto again = transport::parse_web_url((url->uses_tls ? "https://" : "http://") +
                                              url->authority() + url->path);
  MILLRACE_CHECK(again && again->host == url->host && again->port == url->port);
  MILLRACE_CHECK(again->path == url->path && again->uses_tls == url->uses_tls);
  return 0;
}
