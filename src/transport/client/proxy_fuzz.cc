// A proxy's URL that is read is one that can be dialled, and is the same when written again without
// its user; NO_PROXY agrees with its entries looked at one by one.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/check.h"
#include "base/testing/fuzz_input.h"
#include "io/address.h"
#include "transport/client/proxy.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace millrace;
  const std::string text(testing::FuzzInput(data, size).rest_text());
  if (auto proxy = transport::parse_proxy_url(text)) {
    MILLRACE_CHECK(!proxy->host.empty() && proxy->port != 0);
    MILLRACE_CHECK(proxy->authorization.find_first_of("\r\n") == std::string::npos);
    MILLRACE_CHECK(proxy->host.find_first_of("\r\n /[]") == std::string::npos);
    const auto again =
        transport::parse_proxy_url("http://" + io::format_address(proxy->host, proxy->port));
    MILLRACE_CHECK(again && again->host == proxy->host && again->port == proxy->port);
  }
  const size_t line = text.find('\n');
  if (line == std::string::npos) return 0;
  const std::string host = text.substr(0, line);
  const std::string list = text.substr(line + 1);
  bool any = transport::is_exempt("", host, 4317);
  for (size_t begin = 0; begin <= list.size();) {
    const size_t end = std::min(list.find(',', begin), list.size());
    any = any || transport::is_exempt(list.substr(begin, end - begin), host, 4317);
    begin = end + 1;
  }
  MILLRACE_CHECK(transport::is_exempt(list, host, 4317) == any);
  return 0;
}
