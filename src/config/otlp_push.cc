#include "config/otlp_push.h"

#include <cstdint>
#include <string_view>
#include <utility>

namespace millrace::config {
namespace {

using yaml::Node;

enum class Protocol : uint8_t { kGrpc, kProtobuf, kJson };

Node scalar(std::string text, bool is_quoted = true) {
  Node node;
  node.kind = Node::Kind::kScalar;
  node.scalar = std::move(text);
  node.quoted = is_quoted;
  return node;
}

// The exporter's mapping while it is made; every key is at the place of the reader.
class Keys {
 public:
  explicit Keys(const yaml::Place& place) : place_(place) {
    mapping_.kind = Node::Kind::kMapping;
    mapping_.place = place;
  }
  void add(std::string key, Node value) {
    value.place = place_;
    mapping_.mapping.push_back({std::move(key), place_, std::move(value)});
  }
  Node take() { return std::move(mapping_); }

 private:
  const yaml::Place place_;
  Node mapping_;
};

// As OpenTelemetry's SDK: the scheme decides on TLS, without one `insecure` does; a URL without a
// path means OTLP's.
void add_endpoint(std::string_view endpoint, Protocol protocol, bool insecure, OwnSignal signal,
                  Keys& keys) {
  const std::string name = signal == OwnSignal::kMetrics ? "metrics" : "traces";
  const bool is_http = endpoint.starts_with("http://");
  const bool is_https = endpoint.starts_with("https://");
  const std::string_view rest =
      endpoint.substr(is_http ? std::string_view("http://").size()
                              : (is_https ? std::string_view("https://").size() : 0));
  const bool is_clear = is_http || (insecure && !is_https);
  const size_t slash = rest.find('/');
  if (protocol == Protocol::kGrpc) {
    keys.add("endpoint", scalar(std::string(rest.substr(0, slash))));
    Keys tls((yaml::Place()));
    tls.add("insecure", scalar(is_clear ? "true" : "false", false));
    keys.add("tls", tls.take());
    return;
  }
  std::string url = (is_clear ? "http://" : "https://") + std::string(rest);
  if (slash == std::string_view::npos) url += "/v1/" + name;
  keys.add(name + "_endpoint", scalar(std::move(url)));
  if (protocol == Protocol::kJson) keys.add("encoding", scalar("json"));
}

}  // namespace

OtlpPush read_otlp_push(Section& otlp, OwnSignal signal, std::optional<int64_t> queue_items) {
  Protocol protocol = Protocol::kProtobuf;
  otlp.choice("protocol", &protocol,
              {{"http/protobuf", static_cast<int>(Protocol::kProtobuf)},
               {"grpc", static_cast<int>(Protocol::kGrpc)},
               {"http/json", static_cast<int>(Protocol::kJson)}});
  std::string endpoint =
      protocol == Protocol::kGrpc ? "http://localhost:4317" : "http://localhost:4318";
  std::string compression = "none";
  bool insecure = false;
  int64_t timeout_ms = 10'000;
  otlp.text("endpoint", &endpoint);
  otlp.text("compression", &compression);
  otlp.boolean("insecure", &insecure);
  otlp.integer("timeout", &timeout_ms, {1, kMillisecondsMax});
  Keys keys(otlp.node().place);
  add_endpoint(endpoint, protocol, insecure, signal, keys);
  keys.add("compression", scalar(std::move(compression)));
  keys.add("timeout", scalar(std::to_string(timeout_ms) + "ms"));
  keys.add("required", scalar("false", false));
  if (queue_items) {
    Keys queue(otlp.node().place);
    queue.add("sizer", scalar("items"));
    queue.add("queue_size", scalar(std::to_string(*queue_items), false));
    keys.add("sending_queue", queue.take());
  }
  if (const Node* headers = otlp.find("headers")) keys.add("headers", *headers);
  for (const char* key :
       {"headers_list", "certificate", "client_key", "client_certificate", "tls"}) {
    otlp.unsupported(key, "the collector's own telemetry is pushed with headers and insecure only");
  }
  if (signal == OwnSignal::kMetrics) {
    otlp.ignored("temporality_preference", "the sums are cumulative");
    otlp.ignored("default_histogram_aggregation", "histograms have fixed bounds");
  }
  return {.exporter_type = protocol == Protocol::kGrpc ? "otlp_grpc" : "otlp_http",
          .exporter = keys.take(),
          .path = otlp.path()};
}

}  // namespace millrace::config
