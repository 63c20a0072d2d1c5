#include "receivers/otlp/options.h"

#include <algorithm>

#include "access/limit_options.h"
#include "config/endpoint.h"

namespace millrace::receivers {
namespace {

using config::Section;

constexpr int64_t kMessageBytesLimit = int64_t{2} << 30;

void read_protocol(Section& section, std::string_view default_endpoint, ProtocolOptions& into) {
  into.endpoint = default_endpoint;
  into.endpoint_place = section.node().place;
  section.text("endpoint", &into.endpoint);
  if (const yaml::Node* endpoint = section.find("endpoint")) into.endpoint_place = endpoint->place;
  if (auto endpoint = config::parse_endpoint(into.endpoint)) {
    into.host = endpoint->host;
    into.port = endpoint->port;
  } else {
    section.error_at("endpoint", endpoint.error().message);
  }
  std::string transport = "tcp";
  section.text("transport", &transport);
  if (transport != "tcp" && transport != "tcp4" && transport != "tcp6") {
    section.error_at("transport", "expected tcp, tcp4 or tcp6, found \"" + transport +
                                      "\"; unix sockets are not in this version");
  }
  if (const yaml::Node* tls = section.find("tls")) {
    into.tls = *tls;
    into.tls_path = section.path() + "::tls";
  }
  section.boolean("include_metadata", &into.include_metadata);
  section.choice("acknowledge", &into.acknowledge,
                 {{"accepted", static_cast<int>(Acknowledge::kAccepted)},
                  {"durable", static_cast<int>(Acknowledge::kDurable)},
                  {"delivered", static_cast<int>(Acknowledge::kDelivered)}});
  access::read_auth(section, into.auth);
  section.section("limits",
                  [&](Section& limits) { access::read_limits(limits, into.limits.emplace()); });
  section.unsupported("middlewares", "middleware extensions are not in this version");
}

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
  read_protocol(section, "localhost:4317", into);
  int64_t mib = 0;
  section.integer("max_recv_msg_size_mib", &mib, {0, kMessageBytesLimit >> 20});
  if (mib > 0) into.message_bytes_max = static_cast<size_t>(mib) << 20;
  int64_t streams = 0;
  section.integer("max_concurrent_streams", &streams, {0, UINT32_MAX});
  if (streams > 0) into.streams_max = static_cast<uint32_t>(streams);
  section.section("keepalive", [&](Section& keepalive) { read_grpc_keepalive(keepalive, into); });
  section.ignored("read_buffer_size", "buffers fit the message by themselves");
  section.ignored("write_buffer_size", "buffers fit the message by themselves");
  section.ignored("dialer", "servers do not dial");
}

void read_encodings(Section& section, HttpOptions& into) {
  std::vector<std::string> wanted;
  if (!section.text_list("compression_algorithms", &wanted)) return;
  constexpr std::string_view kHere[] = {"", "gzip", "zstd"};
  constexpr std::string_view kThere[] = {"zlib", "snappy", "deflate", "lz4", "x-snappy-framed"};
  for (const std::string& name : wanted) {
    if (std::ranges::find(kHere, name) != std::end(kHere)) continue;
    const bool is_otelcols = std::ranges::find(kThere, name) != std::end(kThere);
    section.error_at("compression_algorithms",
                     is_otelcols
                         ? "otelcol knows \"" + name + "\", but this version has gzip and zstd"
                         : "expected gzip, zstd or \"\", found \"" + name + "\"");
  }
  into.encodings = std::move(wanted);
}

void read_http_keepalive(Section& section, HttpOptions& into) {
  section.section("keepalive", [&](Section& keepalive) {
    keepalive.boolean("enabled", &into.keepalive);
    keepalive.duration("idle_timeout", &into.keepalive_idle);
  });
  const bool old_idle = section.deprecated("idle_timeout", "keepalive::idle_timeout");
  const bool old_enabled = section.deprecated("keep_alives_enabled", "keepalive::enabled");
  if ((old_idle || old_enabled) && section.has("keepalive")) {
    section.error_at("keepalive",
                     "given together with idle_timeout or keep_alives_enabled, its "
                     "old spelling; give only keepalive");
    return;
  }
  section.duration("idle_timeout", &into.keepalive_idle);
  section.boolean("keep_alives_enabled", &into.keepalive);
}

void read_path(Section& section, std::string_view key, std::string* into) {
  if (!section.text(key, into)) return;
  if (!into->starts_with('/')) into->insert(0, "/");
}

void read_http(Section& section, HttpOptions& into) {
  read_protocol(section, "localhost:4318", into);
  int64_t body_bytes = 0;
  section.integer("max_request_body_size", &body_bytes, {0, kMessageBytesLimit});
  if (body_bytes > 0) into.message_bytes_max = static_cast<size_t>(body_bytes);
  read_path(section, "traces_url_path", &into.traces_path);
  read_path(section, "metrics_url_path", &into.metrics_path);
  read_path(section, "logs_url_path", &into.logs_path);
  section.section("cors", [&](Section& cors) {
    cors.text_list("allowed_origins", &into.cors_allowed_origins);
    cors.text_list("allowed_headers", &into.cors_allowed_headers);
    cors.text_list("exposed_headers", &into.cors_exposed_headers);
    cors.integer("max_age", &into.cors_max_age_s, {0, INT32_MAX});
  });
  section.headers("response_headers", &into.response_headers);
  read_encodings(section, into);
  section.duration("read_timeout", &into.read_timeout);
  section.duration("read_header_timeout", &into.read_header_timeout);
  section.duration("write_timeout", &into.write_timeout);
  read_http_keepalive(section, into);
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
