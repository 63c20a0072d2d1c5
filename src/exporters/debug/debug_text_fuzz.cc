// What was admitted can be shown, whatever its values, and has at least a line for each item.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/check.h"
#include "exporters/debug/text.h"
#include "otlp/admit.h"
#include "otlp/otlp_reference.h"

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  millrace::otlp::reference::be_silent();
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace millrace;
  const auto [signal, choice, message] = otlp::reference::read_input({data, size});
  const auto admitted = otlp::admit(signal, message.view());
  if (!admitted) return 0;
  const Rope request(message);
  for (const std::string& text :
       {exporters::to_normal_text(signal, request), exporters::to_detailed_text(signal, request)}) {
    const auto lines = static_cast<size_t>(std::ranges::count(text, '\n'));
    MILLRACE_CHECK(lines + 1 >= admitted->item_count);
  }
  return 0;
}
