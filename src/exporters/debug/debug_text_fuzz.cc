// Any admitted request can be shown, whatever its values, and has at least a line for each item. No
// value begins a line of its own or leaves a control character, and no piece is larger than it
// says.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/check.h"
#include "base/printable_text.h"
#include "exporters/debug/text.h"
#include "memory/testing/test_work.h"
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
  millrace::testing::TestWork test;
  for (const auto verbosity : {exporters::Verbosity::kNormal, exporters::Verbosity::kDetailed}) {
    exporters::BatchText text(signal, request, verbosity, test.work);
    size_t lines = 0;
    for (std::string piece = text.next(); !piece.empty(); piece = text.next()) {
      MILLRACE_CHECK(piece.size() <= exporters::BatchText::kPieceBytesMax && piece.ends_with('\n'));
      lines += static_cast<size_t>(std::ranges::count(piece, '\n'));
      std::erase(piece, '\n');
      MILLRACE_CHECK(is_printable(piece));
    }
    MILLRACE_CHECK(lines + 1 >= admitted->item_count);
  }
  return 0;
}
