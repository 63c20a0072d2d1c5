#include "io/datagram.h"

#include <utility>

namespace millrace::io {

Result<std::unique_ptr<DatagramSocket>> receive_datagrams(
    Loop& loop, const DatagramOptions& options, std::function<void(const Datagram&)> on_datagram) {
  auto* const with_datagrams = dynamic_cast<DatagramLoop*>(&loop);
  if (with_datagrams == nullptr) {
    return fail(Code::kUnimplemented, "this event loop has no datagrams");
  }
  return with_datagrams->receive_datagrams(options, std::move(on_datagram));
}

}  // namespace millrace::io
