#include "assembly/server_options.h"

namespace millrace::assembly {
namespace {

// What both ports serve alike: the routes, and each protocol's own message limit.
transport::ServerOptions common_options(const receivers::OtlpReceiverOptions& receiver,
                                        const Intakes& intakes,
                                        transport::RequestHandler& handler) {
  transport::ServerOptions options;
  options.serves_grpc = receiver.grpc.has_value();
  options.serves_http = receiver.http.has_value();
  const receivers::HttpOptions http = receiver.http.value_or(receivers::HttpOptions{});
  const std::array<std::string, kSignalCount> paths = {http.traces_path, http.metrics_path,
                                                       http.logs_path, "/v1development/profiles"};
  for (const Signal signal : kSignals) {
    if (intakes[index_of(signal)] == nullptr) continue;
    options.otlp_routes.push_back(
        {.signal = signal, .http_path = paths[index_of(signal)], .handler = &handler});
  }
  if (receiver.grpc) {
    options.grpc_message_bytes_max = receiver.grpc->message_bytes_max;
    options.streams_max = receiver.grpc->streams_max;
  }
  if (receiver.http) {
    options.http_body_bytes_max = http.message_bytes_max;
    options.http_encodings = http.encodings;
    options.response_headers = http.response_headers;
    options.cors = {.allowed_origins = http.cors_allowed_origins,
                    .allowed_headers = http.cors_allowed_headers,
                    .exposed_headers = http.cors_exposed_headers,
                    .max_age_s = http.cors_max_age_s};
  }
  return options;
}

}  // namespace

transport::ServerOptions grpc_server_options(const ReceiverPlan& receiver, const Intakes& intakes,
                                             transport::RequestHandler& handler) {
  transport::ServerOptions options = common_options(receiver.options, intakes, handler);
  const receivers::GrpcOptions& grpc = *receiver.options.grpc;
  options.gates = receiver.grpc_access.gates;
  options.include_metadata = grpc.include_metadata;
  options.idle_max = grpc.idle_max;
  options.age_max = grpc.age_max;
  options.age_grace = grpc.age_grace;
  options.ping_after = grpc.ping_after;
  options.ping_timeout = grpc.ping_timeout;
  options.ping_min_interval = grpc.ping_min_interval;
  options.ping_without_stream = grpc.ping_without_stream;
  return options;
}

transport::ServerOptions http_server_options(const ReceiverPlan& receiver, const Intakes& intakes,
                                             transport::RequestHandler& handler) {
  transport::ServerOptions options = common_options(receiver.options, intakes, handler);
  const receivers::HttpOptions& http = *receiver.options.http;
  options.gates = receiver.http_access.gates;
  options.include_metadata = http.include_metadata;
  // Silence in the configuration keeps the transport's own guards against slow clients.
  if (http.read_header_timeout != 0s) options.header_timeout = http.read_header_timeout;
  if (http.read_timeout != 0s) options.body_timeout = http.read_timeout;
  if (http.write_timeout != 0s) options.write_timeout = http.write_timeout;
  options.idle_max = http.keepalive_idle;
  return options;
}

}  // namespace millrace::assembly
