#include "assembly/page_servers.h"

#include <string>
#include <utility>

#include "assembly/listeners.h"

namespace millrace::assembly {

PageServers::PageServers(io::Loop& loop) : PageServers(loop, Limits()) {}
PageServers::PageServers(io::Loop& loop, Limits limits)
    : loop_(loop),
      connections_max_(limits.connections_max),
      budget_(limits.budget_bytes),
      pool_(budget_, 1),
      eviction_(std::make_shared<transport::EvictionOrder>()) {}

Status PageServers::serve(std::vector<transport::PageRoute> routes, const io::ListenOptions& where,
                          std::string_view what) {
  transport::ServerOptions options;
  options.serves_grpc = false;
  options.port_protocol = transport::Protocol::kHttp;
  options.connections_max = connections_max_;
  options.eviction = eviction_;
  options.page_routes = std::move(routes);
  servers_.push_back(transport::make_server(loop_, pool_, std::move(options), *this));
  const Result<uint16_t> listening = servers_.back()->listen(where);
  if (!listening) {
    return fail(listening.error().code, std::string(what) + ": " + listening.error().message +
                                            listen_advice(listening.error().code, what));
  }
  return {};
}

}  // namespace millrace::assembly
