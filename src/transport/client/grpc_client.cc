#include "transport/client/client.h"
#include "transport/client/client_channel.h"

namespace millrace::transport {

std::unique_ptr<Client> make_grpc_client(io::Loop& loop, ClientOptions options) {
  auto dialect = make_grpc_dialect(options);
  return std::make_unique<ClientChannel>(loop, std::move(options), ChannelKind::kGrpc,
                                         std::move(dialect));
}

}  // namespace millrace::transport
