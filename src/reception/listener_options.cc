#include "reception/listener_options.h"

#include <algorithm>

#include "access/limit_options.h"
#include "config/endpoint.h"

namespace millrace::reception {
namespace {

using config::Section;

void read_encodings(Section& section, HttpListenerOptions& into) {
  std::vector<std::string> wanted;
  if (!section.text_list("compression_algorithms", &wanted)) return;
  const std::vector<std::string> known = HttpListenerOptions().encodings;
  for (const std::string& name : wanted) {
    if (std::ranges::find(known, name) != known.end()) continue;
    section.error_at("compression_algorithms",
                     (name == "lz4" ? "lz4 is not in this version; " : "") +
                         std::string("expected gzip, zstd, zlib, deflate, snappy, ") +
                         "x-snappy-framed or \"\", found \"" + name + "\"");
  }
  into.encodings = std::move(wanted);
}

void read_keepalive(Section& section, HttpListenerOptions& into) {
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

void read_grpc_keepalive(Section& section, GrpcListenerOptions& into) {
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

}  // namespace

pipeline::Policy policy_of(Acknowledge acknowledge) {
  switch (acknowledge) {
    case Acknowledge::kAccepted:
      return pipeline::Policy::kAccepted;
    case Acknowledge::kDelivered:
      return pipeline::Policy::kDelivered;
    case Acknowledge::kDurable:
      break;
  }
  return pipeline::Policy::kDurable;
}

void read_listener(Section& section, std::string_view default_endpoint, ListenerOptions& into) {
  into.endpoint = default_endpoint;
  into.endpoint_place = section.node().place;
  section.text("endpoint", &into.endpoint);
  if (const yaml::Node* endpoint = section.find("endpoint")) into.endpoint_place = endpoint->place;
  std::string transport = "tcp";
  section.text("transport", &transport);
  if (transport != "tcp" && transport != "tcp4" && transport != "tcp6" && transport != "unix") {
    section.error_at("transport", "expected tcp, tcp4, tcp6 or unix, found \"" + transport + "\"");
  }
  const auto endpoint = transport == "unix" ? config::parse_unix_endpoint(into.endpoint)
                                            : config::parse_endpoint(into.endpoint);
  if (endpoint) {
    into.host = endpoint->host;
    into.port = endpoint->port;
  } else {
    section.error_at("endpoint", endpoint.error().message);
  }
  const yaml::Node* tls = section.find("tls");
  if (tls != nullptr && tls->kind == yaml::Node::Kind::kNull) {
    section.warning_at("tls", "is empty, so the port is in clear text");
  } else if (tls != nullptr) {
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

void read_grpc_listener(Section& section, std::string_view default_endpoint,
                        GrpcListenerOptions& into) {
  read_listener(section, default_endpoint, into);
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

void read_http_listener(Section& section, std::string_view default_endpoint,
                        HttpListenerOptions& into) {
  read_listener(section, default_endpoint, into);
  int64_t body_bytes = 0;
  section.integer("max_request_body_size", &body_bytes, {0, kMessageBytesLimit});
  if (body_bytes > 0) into.message_bytes_max = static_cast<size_t>(body_bytes);
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
  read_keepalive(section, into);
}

void serve_grpc(const GrpcListenerOptions& grpc, transport::ServerOptions& into) {
  into.serves_grpc = true;
  into.grpc_message_bytes_max = grpc.message_bytes_max;
  into.streams_max = grpc.streams_max;
}

void set_grpc_keepalive(const GrpcListenerOptions& grpc, transport::ServerOptions& into) {
  into.idle_max = grpc.idle_max;
  into.age_max = grpc.age_max;
  into.age_grace = grpc.age_grace;
  into.ping_after = grpc.ping_after;
  into.ping_timeout = grpc.ping_timeout;
  into.ping_min_interval = grpc.ping_min_interval;
  into.ping_without_stream = grpc.ping_without_stream;
}

void serve_http(const HttpListenerOptions& http, transport::ServerOptions& into) {
  into.serves_http = true;
  into.http_body_bytes_max = http.message_bytes_max;
  into.http_encodings = http.encodings;
  into.response_headers = http.response_headers;
  into.cors = {.allowed_origins = http.cors_allowed_origins,
               .allowed_headers = http.cors_allowed_headers,
               .exposed_headers = http.cors_exposed_headers,
               .max_age_s = http.cors_max_age_s};
}

void set_http_timeouts(const HttpListenerOptions& http, transport::ServerOptions& into) {
  // Silence in the configuration keeps the transport's own guards against slow clients.
  if (http.read_header_timeout != 0s) into.header_timeout = http.read_header_timeout;
  if (http.read_timeout != 0s) into.body_timeout = http.read_timeout;
  if (http.write_timeout != 0s) into.write_timeout = http.write_timeout;
  into.idle_max = http.keepalive_idle;
}

}  // namespace millrace::reception
