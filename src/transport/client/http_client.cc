#include "transport/client/client.h"
#include "transport/client/client_channel.h"

namespace millrace::transport {

std::unique_ptr<Client> make_http_client(io::Loop& loop, ClientOptions options) {
  auto dialect = make_http_dialect(options);
  return std::make_unique<ClientChannel>(loop, std::move(options), ChannelKind::kHttp,
                                         std::move(dialect));
}

}  // namespace millrace::transport
