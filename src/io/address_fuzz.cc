// An address that parses is formatted and parses again; a numeric host parses with or without them.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/check.h"
#include "base/testing/fuzz_input.h"
#include "io/address.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace millrace;
  const std::string text(testing::FuzzInput(data, size).rest_text());
  if (const auto read = io::parse_address(text)) {
    MILLRACE_CHECK(io::parse_address(io::format_address(read->host, read->port)) == read);
  }
  if (io::is_numeric_host(text)) {
    const std::string host = text.c_str();  // the C library reads up to a NUL
    const auto read = io::parse_address(io::format_address(host, 4317));
    MILLRACE_CHECK((read == io::HostPort{host, 4317}));
  }
  return 0;
}
