// However a request is cut, and from any pieces, libprotobuf finds the same items with the
// same surroundings in the parts, in the same order.
#include <cstdio>
#include <cstdlib>

#include "otlp/admit.h"
#include "otlp/item_count.h"
#include "otlp/otlp_reference.h"
#include "otlp/split.h"

namespace {

using namespace millrace;

[[noreturn]] void fail_with(const char* what) {
  std::fprintf(stderr, "%s\n", what);
  std::abort();
}

Rope in_pieces(const Bytes& bytes, size_t size) {
  Rope rope;
  for (size_t at = 0; at < bytes.size(); at += size) {
    rope.append(bytes.slice(at, std::min(size, bytes.size() - at)));
  }
  return rope;
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  otlp::reference::be_silent();
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto input = otlp::reference::read_input({data, size});
  const Signal signal = input.signal;
  const auto admitted = otlp::admit(signal, input.message.view());
  if (!admitted) return 0;
  std::vector<std::string> wanted;
  if (!otlp::reference::flatten(signal, input.message.view(), &wanted)) std::abort();

  otlp::CutLimits limits;
  limits.items_max = 1 + input.choice % 4;
  if ((input.choice & 0x10) != 0) limits.bytes_max = 64u << (input.choice >> 5);
  Rope request(input.message);
  if ((input.choice & 0x08) != 0) request = in_pieces(input.message, 7);
  if (otlp::count_items(signal, request) != admitted->item_count) fail_with("counts differ");

  std::vector<std::string> found;
  for (const otlp::Part& part : otlp::split(signal, request, admitted->item_count, limits)) {
    const Bytes bytes = Bytes::copy_of(part.bytes.to_bytes().view());
    const size_t before = found.size();
    if (!otlp::reference::flatten(signal, bytes.view(), &found)) fail_with("a part is not valid");
    if (found.size() - before != part.item_count) fail_with("a part is miscounted");
    if (part.item_count > limits.items_max) fail_with("a part has too many items");
    const bool is_larger = part.bytes.size() > limits.bytes_max;
    if (is_larger != part.is_oversized) fail_with("a part's flag is wrong");
    if (is_larger && part.item_count > 1) fail_with("a part is too large");
  }
  if (found != wanted) fail_with("items differ");
  return 0;
}
