#include "receivers/jaeger/jaeger.h"

#include <memory>
#include <utility>

#include "receivers/jaeger/receiver.h"

namespace millrace::receivers::jaeger {
namespace {

using reception::Listener;

class Factory final : public reception::ReceiverFactory {
 public:
  explicit Factory(JaegerReceiver::Options options) : options_(std::move(options)) {}
  Result<std::unique_ptr<reception::Receiver>> make(reception::ReceiverParts parts) const override {
    return std::make_unique<JaegerReceiver>(std::move(parts), options_);
  }

 private:
  const JaegerReceiver::Options options_;
};

Listener grpc_listener(const reception::GrpcListenerOptions& grpc) {
  Listener listener{.protocol = "grpc", .options = grpc, .server = {}};
  transport::ServerOptions& server = listener.server;
  server.serves_http = false;
  reception::serve_grpc(grpc, server);
  reception::set_grpc_keepalive(grpc, server);
  server.include_metadata = grpc.include_metadata;
  server.otlp_routes.push_back({.signal = Signal::kTraces,
                                .http_path = {},
                                .handler = nullptr,
                                .grpc_path = std::string(kGrpcPath)});
  return listener;
}

Listener http_listener(const reception::HttpListenerOptions& http) {
  Listener listener{.protocol = "http", .options = http, .server = {}};
  transport::ServerOptions& server = listener.server;
  server.serves_grpc = false;
  server.port_protocol = transport::Protocol::kHttp;
  reception::serve_http(http, server);
  reception::set_http_timeouts(http, server);
  server.include_metadata = http.include_metadata;
  server.otlp_routes.push_back({.signal = Signal::kTraces,
                                .http_path = std::string(kHttpPath),
                                .handler = nullptr,
                                .style = transport::RouteStyle::kThrift});
  return listener;
}

Listener udp_listener(std::string_view protocol, const UdpOptions& udp) {
  return {
      .protocol = std::string(protocol), .options = udp, .server = {}, .datagrams = udp.datagrams};
}

}  // namespace

reception::ReceiverReading make_reading(const Options& options) {
  reception::ReceiverReading reading;
  JaegerReceiver::Options receiver;
  const auto add = [&](Listener listener, Format format) {
    reading.listeners.push_back(std::move(listener));
    receiver.formats.push_back(format);
  };
  if (options.grpc) {
    receiver.grpc_policy = reception::policy_of(options.grpc->acknowledge);
    add(grpc_listener(*options.grpc), Format::kProtobuf);
  }
  if (options.thrift_http) {
    receiver.http_policy = reception::policy_of(options.thrift_http->acknowledge);
    add(http_listener(*options.thrift_http), Format::kThrift);
  }
  if (options.thrift_compact) {
    add(udp_listener(kCompactTransport, *options.thrift_compact), Format::kThriftCompact);
  }
  if (options.thrift_binary) {
    add(udp_listener(kBinaryTransport, *options.thrift_binary), Format::kThriftBinary);
  }
  reading.factory = std::make_shared<Factory>(std::move(receiver));
  return reading;
}

reception::ReceiverReading read(config::Section& section) {
  Options options;
  read_options(section, options);
  return make_reading(options);
}

}  // namespace millrace::receivers::jaeger
