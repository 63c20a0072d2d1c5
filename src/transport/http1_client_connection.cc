#include "transport/client_connection.h"

namespace millrace::transport {

std::unique_ptr<ClientConnection> make_http1_connection(const ConnectionContext&,
                                                        std::unique_ptr<io::Stream>) {
  return nullptr;
}

}  // namespace millrace::transport
