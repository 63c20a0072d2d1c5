#include "transport/client/web_exchange.h"

#include <utility>

#include "transport/client/web_client.h"

namespace millrace::transport {
namespace {

constexpr Duration kIdleMax = 90s;  // of no effect: the client ends with the one request

class Exchange final : public WebExchange {
 public:
  Exchange(io::Loop& loop, const WebRequest& request, Done done)
      : client_(make_web_client(loop, request, kIdleMax)) {
    client_->send(request, std::move(done));
  }

 private:
  std::unique_ptr<WebClient> client_;
};

}  // namespace

std::unique_ptr<WebExchange> start_web_exchange(io::Loop& loop, const WebRequest& request,
                                                WebExchange::Done done) {
  return std::make_unique<Exchange>(loop, request, std::move(done));
}

}  // namespace millrace::transport
