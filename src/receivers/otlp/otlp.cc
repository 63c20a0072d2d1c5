#include "receivers/otlp/otlp.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "receivers/otlp/receiver.h"

namespace millrace::receivers {
namespace {

using reception::Listener;

// What both ports serve alike: the routes, and each protocol's own message limit.
transport::ServerOptions common_options(const OtlpReceiverOptions& receiver) {
  transport::ServerOptions options;
  options.serves_grpc = receiver.grpc.has_value();
  options.serves_http = receiver.http.has_value();
  const HttpOptions http = receiver.http.value_or(HttpOptions{});
  const std::array<std::string, kSignalCount> paths = {http.traces_path, http.metrics_path,
                                                       http.logs_path, "/v1development/profiles"};
  for (const Signal signal : kSignals) {
    options.otlp_routes.push_back(
        {.signal = signal, .http_path = paths[index_of(signal)], .handler = nullptr});
  }
  if (receiver.grpc) reception::serve_grpc(*receiver.grpc, options);
  if (receiver.http) reception::serve_http(http, options);
  return options;
}

Listener grpc_listener(const OtlpReceiverOptions& receiver) {
  const GrpcOptions& grpc = *receiver.grpc;
  Listener listener{.protocol = "grpc", .options = grpc, .server = common_options(receiver)};
  transport::ServerOptions& server = listener.server;
  server.include_metadata = grpc.include_metadata;
  reception::set_grpc_keepalive(grpc, server);
  return listener;
}

Listener http_listener(const OtlpReceiverOptions& receiver) {
  const HttpOptions& http = *receiver.http;
  Listener listener{.protocol = "http", .options = http, .server = common_options(receiver)};
  listener.server.port_protocol = transport::Protocol::kHttp;
  listener.server.include_metadata = http.include_metadata;
  reception::set_http_timeouts(http, listener.server);
  return listener;
}

class OtlpFactory final : public reception::ReceiverFactory {
 public:
  explicit OtlpFactory(OtlpReceiver::Policies policies, size_t json_bytes_max)
      : policies_(policies), json_bytes_max_(json_bytes_max) {}
  Result<std::unique_ptr<reception::Receiver>> make(reception::ReceiverParts parts) const override {
    parts.message_bytes_max = std::min(parts.message_bytes_max, json_bytes_max_);
    return std::make_unique<OtlpReceiver>(std::move(parts), policies_);
  }

 private:
  const OtlpReceiver::Policies policies_;
  const size_t json_bytes_max_;
};

}  // namespace

reception::ReceiverReading make_otlp_reading(const OtlpReceiverOptions& options) {
  reception::ReceiverReading reading;
  OtlpReceiver::Policies policies;
  size_t json_bytes_max = reception::kMessageBytesMax;
  if (options.grpc) {
    policies.grpc = reception::policy_of(options.grpc->acknowledge);
    reading.listeners.push_back(grpc_listener(options));
  }
  if (options.http) {
    policies.http = reception::policy_of(options.http->acknowledge);
    json_bytes_max = options.http->message_bytes_max;
    reading.listeners.push_back(http_listener(options));
  }
  reading.factory = std::make_shared<OtlpFactory>(policies, json_bytes_max);
  return reading;
}

reception::ReceiverReading read_otlp(config::Section& section) {
  OtlpReceiverOptions options;
  read_otlp_receiver(section, options);
  return make_otlp_reading(options);
}

}  // namespace millrace::receivers
