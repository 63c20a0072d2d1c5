#include "exporters/prometheus_remote_write/options.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "prometheus_series/series_options.h"

namespace millrace::exporters {
namespace {

using config::Section;
using prometheus::Strategy;

constexpr std::string_view kProtocol1 = "prometheus.WriteRequest";
constexpr std::string_view kProtocol2 = "io.prometheus.write.v2.Request";
// A series has at most one batch on its way, so that its samples arrive in their order.
constexpr std::string_view kOneAtATime =
    "one request is in flight at a time, so that the samples of a series arrive in their order";

// Keys of the client, which stand in `http` or beside it.
constexpr std::array<std::string_view, 18> kClientKeys = {"endpoint",
                                                          "proxy_url",
                                                          "tls",
                                                          "headers",
                                                          "auth",
                                                          "compression",
                                                          "compression_params",
                                                          "read_buffer_size",
                                                          "write_buffer_size",
                                                          "max_idle_conns",
                                                          "max_idle_conns_per_host",
                                                          "max_conns_per_host",
                                                          "idle_conn_timeout",
                                                          "disable_keep_alives",
                                                          "http2_read_idle_timeout",
                                                          "http2_ping_timeout",
                                                          "cookies",
                                                          "force_attempt_http2"};

void read_client(Section& client, RemoteWriteOptions& into) {
  client.text("endpoint", &into.endpoint);
  into.target = read_url(client, "endpoint");
  if (into.endpoint.empty()) {
    client.error_at("endpoint", "must be set, for example http://localhost:9090/api/v1/write");
  }
  std::string compression;
  if (client.text("compression", &compression) && !compression.empty() && compression != "snappy") {
    client.error_at("compression",
                    "expected snappy, which remote write demands, found \"" + compression + "\"");
  }
  client.ignored("compression_params", "snappy has no levels");
  read_http_client_settings(client, into);
  std::array<std::optional<ClientEndpoint>, 1> targets = {std::move(into.target)};
  read_proxy(client, targets);
  into.target = std::move(targets[0]);
  if (into.uses_tls()) drop_tls_settings_of_insecure_https(client, into.tls);
}

void read_protocol(Section& exporter, RemoteWriteOptions& into) {
  std::string message;
  if (exporter.text("protobuf_message", &message) && !message.empty()) {
    if (message == kProtocol2) {
      into.protocol = WriteProtocol::k2;
    } else if (message != kProtocol1) {
      exporter.error_at("protobuf_message", "expected " + std::string(kProtocol1) + " or " +
                                                std::string(kProtocol2) + ", found \"" + message +
                                                "\"");
    }
  }
  bool sends_metadata = false;
  exporter.boolean("send_metadata", &sends_metadata);
  if (sends_metadata) into.metadata = WriteTable::Metadata::kSent;
  const bool keeps_utf8 = into.strategy == Strategy::kNoTranslation ||
                          into.strategy == Strategy::kNoUtf8EscapingWithSuffixes;
  if (keeps_utf8 && into.protocol == WriteProtocol::k1) {
    exporter.error_at(
        "translation_strategy",
        "names outside ASCII need remote write 2.0: protobuf_message: " + std::string(kProtocol2));
  }
}

void read_external_labels(Section& exporter, RemoteWriteOptions& into) {
  const prometheus::Namer namer(into.strategy, into.metric_namespace,
                                prometheus::Underscores::kKept);
  auto& labels = into.translation.labels.const_labels;
  exporter.section("external_labels", [&](Section& external) {
    for (const yaml::Node::Entry& entry : external.node().mapping) {
      std::string value;
      if (!external.text(entry.key, &value)) continue;
      std::string name;
      if (entry.key.empty() || value.empty()) {
        external.error_at(entry.key, "a label needs a name and a value");
      } else if (!namer.append_label_name(name, entry.key) || name == "le" || name == "quantile") {
        external.error_at(entry.key, "\"" + entry.key + "\" is no name for a label");
      } else if (std::ranges::any_of(labels,
                                     [&](const auto& label) { return label.first == name; })) {
        external.error_at(entry.key,
                          "two of the keys become the label " + name + "; give one of them");
      } else {
        labels.emplace_back(std::move(name), std::move(value));
      }
    }
  });
}

void read_queue(Section& exporter, RemoteWriteOptions& into) {
  config::SendingQueueConfig& queue = into.helper.queue;
  exporter.section("remote_write_queue", [&](Section& section) {
    section.boolean("enabled", &queue.enabled);
    section.integer("queue_size", &queue.queue_size,
                    {queue.enabled ? 1 : 0, std::numeric_limits<uint32_t>::max()});
    int64_t consumers = 0;
    section.integer("num_consumers", &consumers, {.min = 0});
    section.means("num_consumers", kOneAtATime);
  });
  int64_t parallelism = 0;
  exporter.integer("max_batch_request_parallelism", &parallelism, {.min = 1});
  exporter.means("max_batch_request_parallelism", kOneAtATime);
  config::read_exporter_helper(exporter, into.helper);
  queue.num_consumers = 1;
  int64_t bytes = static_cast<int64_t>(into.translation.bytes_max);
  exporter.integer("max_batch_size_bytes", &bytes, {.min = 0, .max = int64_t{1} << 30});
  if (bytes > 0) into.translation.bytes_max = static_cast<size_t>(bytes);
}

}  // namespace

RemoteWriteOptions::RemoteWriteOptions() {
  compression = compress::Coding::kSnappy;
  helper.retry.initial_interval = 50ms;
  helper.queue.queue_size = 10'000;
  helper.queue.num_consumers = 1;
  translation.labels.rules = LabelRules::kRemoteWrite;
}

void read_options(Section& exporter, RemoteWriteOptions& into) {
  if (exporter.has("http")) {
    exporter.section("http", [&](Section& http) {
      http.duration("timeout", &into.helper.timeout);
      read_client(http, into);
    });
    for (const std::string_view key : kClientKeys) {
      exporter.ignored(key, "has no effect beside http, as in otelcol; put it there");
    }
  } else {
    read_client(exporter, into);
  }
  exporter.text("namespace", &into.metric_namespace);
  read_strategy(exporter, &into.strategy);
  read_protocol(exporter, into);
  read_external_labels(exporter, into);
  read_resource_labels(exporter, into.translation.labels);
  exporter.section("target_info", [&](Section& target) {
    target.boolean("enabled", &into.translation.target_info);
  });
  bool without_scope = false;
  exporter.boolean("disable_scope_info", &without_scope);
  into.translation.labels.scope_labels = !without_scope;
  read_queue(exporter, into);
  exporter.unsupported("wal", "sending_queue::storage keeps what is not yet sent on disk");
  exporter.unsupported("include_metadata_keys",
                       "headers of senders are not passed on in this version; use headers, or an "
                       "extension for auth");
  for (const std::string_view key :
       {"convert_explicit_histograms_to_nhcb", "keep_classic_histograms"}) {
    bool is_on = false;
    exporter.boolean(key, &is_on);
    if (is_on) exporter.error_at(key, "histograms with custom buckets are not in this version");
  }
}

}  // namespace millrace::exporters
