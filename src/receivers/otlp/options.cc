#include "receivers/otlp/options.h"

#include <algorithm>

namespace millrace::receivers {
namespace {

using config::Section;

void read_grpc_keepalive(Section& section, GrpcOptions& into) {
  section.section("server_parameters", [&](Section& parameters) {
    parameters.duration("max_connection_idle", &into.idle_max);
    parameters.duration("max_connection_age", &into.age_max);
    parameters.duration("max_connection_age_grace", &into.age_grace);
    // As in grpc-go, zero means its default here, not "never".
    Duration time{};
    Duration timeout{};
    parameters.duration("time", &time);
    parameters.duration("timeout", &timeout);
    if (time > Duration(0)) into.ping_after = std::max<Duration>(time, 1s);
    if (timeout > Duration(0)) into.ping_timeout = timeout;
  });
  section.section("enforcement_policy", [&](Section& policy) {
    Duration min_time{};
    policy.duration("min_time", &min_time);
    if (min_time > Duration(0)) into.ping_min_interval = min_time;
    policy.boolean("permit_without_stream", &into.ping_without_stream);
  });
}

void read_grpc(Section& section, GrpcOptions& into) {
  reception::read_listener(section, "localhost:4317", into);
  int64_t mib = 0;
  section.integer("max_recv_msg_size_mib", &mib, {0, reception::kMessageBytesLimit >> 20});
  if (mib > 0) into.message_bytes_max = static_cast<size_t>(mib) << 20;
  int64_t streams = 0;
  section.integer("max_concurrent_streams", &streams, {0, UINT32_MAX});
  if (streams > 0) into.streams_max = static_cast<uint32_t>(streams);
  section.section("keepalive", [&](Section& keepalive) { read_grpc_keepalive(keepalive, into); });
  section.ignored("read_buffer_size", "buffers fit the message by themselves");
  section.ignored("write_buffer_size", "buffers fit the message by themselves");
  section.ignored("dialer", "servers do not dial");
}

void read_path(Section& section, std::string_view key, std::string* into) {
  if (!section.text(key, into)) return;
  if (!into->starts_with('/')) into->insert(0, "/");
}

void read_http(Section& section, HttpOptions& into) {
  reception::read_http_listener(section, "localhost:4318", into);
  read_path(section, "traces_url_path", &into.traces_path);
  read_path(section, "metrics_url_path", &into.metrics_path);
  read_path(section, "logs_url_path", &into.logs_path);
}

}  // namespace

void read_otlp_receiver(Section& section, OtlpReceiverOptions& into) {
  // A protocol that is mentioned, also with nothing behind it, is served.
  section.section("protocols", [&](Section& protocols) {
    protocols.section("grpc", [&](Section& grpc) { read_grpc(grpc, into.grpc.emplace()); });
    protocols.section("http", [&](Section& http) { read_http(http, into.http.emplace()); });
  });
  if (!into.grpc && !into.http) {
    section.error(
        "must specify at least one protocol when using the OTLP receiver: "
        "protocols::grpc or protocols::http");
  }
}

}  // namespace millrace::receivers
