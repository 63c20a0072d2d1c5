#include "receivers/zipkin/zipkin.h"

#include <memory>
#include <utility>

#include "receivers/zipkin/receiver.h"

namespace millrace::receivers::zipkin {
namespace {

class Factory final : public reception::ReceiverFactory {
 public:
  explicit Factory(ZipkinReceiver::Options options) : options_(options) {}
  Result<std::unique_ptr<reception::Receiver>> make(reception::ReceiverParts parts) const override {
    return std::make_unique<ZipkinReceiver>(std::move(parts), options_);
  }

 private:
  const ZipkinReceiver::Options options_;
};

}  // namespace

reception::ReceiverReading make_reading(const Options& options) {
  reception::Listener listener{.protocol = "http", .options = options.http, .server = {}};
  transport::ServerOptions& server = listener.server;
  server.serves_grpc = false;
  server.port_protocol = transport::Protocol::kHttp;
  reception::serve_http(options.http, server);
  reception::set_http_timeouts(options.http, server);
  server.include_metadata = options.http.include_metadata;
  server.otlp_routes.push_back({.signal = Signal::kTraces,
                                .http_path = std::string(kPath),
                                .handler = nullptr,
                                .style = transport::RouteStyle::kPlain});
  reception::ReceiverReading reading;
  reading.factory = std::make_shared<Factory>(
      ZipkinReceiver::Options{.policy = reception::policy_of(options.http.acknowledge),
                              .parse_string_tags = options.parse_string_tags});
  reading.listeners.push_back(std::move(listener));
  return reading;
}

reception::ReceiverReading read(config::Section& section) {
  Options options;
  read_options(section, options);
  return make_reading(options);
}

}  // namespace millrace::receivers::zipkin
