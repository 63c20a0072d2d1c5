// One GET over HTTP/1.1 whose response is read while it comes: server-sent events. Limits are those
// of web_exchange.h, but the deadline counts until the head of the response, and the body of a
// success has no end. No proxy.
//
// Belongs to one loop.
#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "base/result.h"
#include "io/loop.h"
#include "transport/client/web_exchange.h"

namespace millrace::transport {

class WebStream {
 public:
  virtual ~WebStream() = default;  // gives up; nothing is called any more
};

struct WebStreamEvents {
  // The next bytes of a response with status 200.
  std::function<void(std::string_view)> on_bytes;
  // The end, once: a whole response of another status, one of status 200 without its body that
  // ended in order, or an error as of web_exchange.h. May destroy the stream.
  std::move_only_function<void(Result<WebResponse>)> on_end;
};

// Calls in later turns of the loop.
std::unique_ptr<WebStream> start_web_stream(io::Loop& loop, const WebRequest& request,
                                            WebStreamEvents events);

}  // namespace millrace::transport
