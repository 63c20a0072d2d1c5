// Keeps a connection to one HTTP/1.1 service beside OTLP, for requests that come again and again:
// targets that are scraped. One request at a time. What web_exchange.h says of limits and errors
// applies here too; the connection is kept for `idle_max` between two requests.
//
// Belongs to one loop.
#pragma once

#include <memory>

#include "transport/client/web_exchange.h"

namespace millrace::transport {

class WebClient {
 public:
  using Done = WebExchange::Done;
  virtual ~WebClient() = default;  // gives up; `done` is not called any more
  // Calls `done` once, in a later turn of the loop; it may destroy the client. The request goes to
  // the service that the client was made for: only its path counts of its URL. A GET whose kept
  // connection turns out to have ended is sent once more. Precondition: none is under way.
  virtual void send(const WebRequest& request, Done done) = 0;
};

// Everything but method, path, fields, body and deadline of `service` applies to all requests.
std::unique_ptr<WebClient> make_web_client(io::Loop& loop, const WebRequest& service,
                                           Duration idle_max);

}  // namespace millrace::transport
