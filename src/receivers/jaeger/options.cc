#include "receivers/jaeger/options.h"

#include "config/endpoint.h"

namespace millrace::receivers::jaeger {
namespace {

using config::Section;

void read_udp(Section& section, std::string_view default_endpoint, UdpOptions& into) {
  into.endpoint = default_endpoint;
  into.endpoint_place = section.node().place;
  section.text("endpoint", &into.endpoint);
  if (const yaml::Node* endpoint = section.find("endpoint")) into.endpoint_place = endpoint->place;
  if (const auto endpoint = config::parse_endpoint(into.endpoint)) {
    into.host = endpoint->host;
    into.port = endpoint->port;
  } else {
    section.error_at("endpoint", endpoint.error().message);
  }
  int64_t packet_bytes = 0;
  int64_t buffer_bytes = 0;
  // No datagram is longer than 65507 bytes.
  section.integer("max_packet_size", &packet_bytes, {0, 65'535});
  section.integer("socket_buffer_size", &buffer_bytes, {0, INT32_MAX});
  if (packet_bytes > 0) into.datagrams.bytes_max = static_cast<size_t>(packet_bytes);
  into.datagrams.kernel_buffer_bytes = static_cast<size_t>(buffer_bytes);
  section.ignored("queue_size",
                  "packets are read from the kernel's buffer, see socket_buffer_size");
  section.ignored("workers", "the first worker's loop reads all packets");
}

}  // namespace

void read_options(Section& section, Options& into) {
  // A protocol that is mentioned, also with nothing behind it, is served.
  section.section("protocols", [&](Section& protocols) {
    protocols.section("grpc", [&](Section& grpc) {
      reception::read_grpc_listener(grpc, kDefaultGrpc, into.grpc.emplace());
    });
    protocols.section("thrift_http", [&](Section& http) {
      reception::read_http_listener(http, kDefaultThriftHttp, into.thrift_http.emplace());
    });
    protocols.section("thrift_compact", [&](Section& udp) {
      read_udp(udp, kDefaultThriftCompact, into.thrift_compact.emplace());
    });
    protocols.section("thrift_binary", [&](Section& udp) {
      read_udp(udp, kDefaultThriftBinary, into.thrift_binary.emplace());
    });
  });
  section.unsupported(
      "remote_sampling",
      "otelcol refuses it as well (its extension jaegerremotesampling has taken its "
      "place, which is not in this version)");
  if (!into.grpc && !into.thrift_http && !into.thrift_compact && !into.thrift_binary) {
    section.error(
        "must specify at least one protocol when using the Jaeger receiver: protocols::grpc, "
        "thrift_http, thrift_compact or thrift_binary");
  }
}

}  // namespace millrace::receivers::jaeger
