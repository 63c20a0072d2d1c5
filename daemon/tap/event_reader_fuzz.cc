// A stream gives the same events whole and cut in two, and no data that it did not have.
#include <string>

#include "base/check.h"
#include "base/testing/fuzz_input.h"
#include "daemon/tap/event_reader.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using millrace::tap::EventReader;
  millrace::testing::FuzzInput input(data, size);
  const size_t wish = input.number(2);
  const std::string_view bytes = input.rest_text();
  std::string whole;
  size_t data_bytes = 0;
  EventReader once([&](std::string_view name, std::string_view text) {
    whole += std::string(name) + "=" + std::string(text) + ";";
    data_bytes += text.size();
  });
  static_cast<void>(once.receive(bytes));
  MILLRACE_CHECK(data_bytes <= bytes.size());
  std::string cut;
  EventReader twice([&](std::string_view name, std::string_view text) {
    cut += std::string(name) + "=" + std::string(text) + ";";
  });
  const size_t at = bytes.empty() ? 0 : wish % (bytes.size() + 1);
  static_cast<void>(twice.receive(bytes.substr(0, at)));
  static_cast<void>(twice.receive(bytes.substr(at)));
  MILLRACE_CHECK(whole == cut);
  return 0;
}
