// A file of any bytes never crashes the reader, in whatever pieces it is read. The requests found
// have passed admission, and are the same for any pieces.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/check.h"
#include "daemon/replay/request_reader.h"
#include "otlp/admit.h"

using namespace millrace;
using namespace millrace::replay;

namespace {

std::string read_all(std::span<const uint8_t> file, size_t step, RequestDecoder& decoder) {
  FrameReader reader(
      "f",
      [&, at = size_t{0}](std::span<uint8_t> into) mutable {
        const size_t count = std::min({into.size(), step, file.size() - at});
        std::copy_n(file.begin() + static_cast<ptrdiff_t>(at), count, into.begin());
        at += count;
        return Result<size_t>(count);
      },
      4096);
  std::string found;
  while (true) {
    Frame frame;
    Unreadable unreadable;
    const FrameReader::Step step_done = reader.next(&frame, &unreadable);
    if (step_done == FrameReader::Step::kEnd) return found;
    if (step_done == FrameReader::Step::kUnreadable) {
      found += unreadable.where + unreadable.why;
      continue;
    }
    const auto request = decoder.decode(frame);
    if (!request) continue;
    MILLRACE_CHECK(otlp::admit(request->signal, request->bytes.view()).has_value());
    found += request->where + std::string(request->bytes.text());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static RequestDecoder decoder;
  const std::span<const uint8_t> file(data, size);
  const std::string at_once = read_all(file, size + 1, decoder);
  // Few pieces, because each read allocates a quarter of a mebibyte.
  MILLRACE_CHECK(read_all(file, size / 3 + 1, decoder) == at_once);
  return 0;
}
