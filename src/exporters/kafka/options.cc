#include "exporters/kafka/options.h"

#include <algorithm>
#include <cctype>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

namespace millrace::exporters::kafka {
namespace {

using config::Section;
using millrace::kafka::milliseconds;

constexpr std::string_view kSignalHeader = "otelcol.signal";
constexpr std::array<std::string_view, kSignalCount> kTopics = {"otlp_spans", "otlp_metrics",
                                                                "otlp_logs", "otlp_profiles"};

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

void read_encoding(Section& section, std::optional<Signal> signal, Encoding& into) {
  std::string text;
  if (!section.text("encoding", &text)) return;
  if (text == "otlp_proto") {
    into = Encoding::kProto;
  } else if (text == "otlp_json") {
    into = Encoding::kJson;
  } else if (text == "raw" && (!signal || *signal == Signal::kLogs)) {
    into = Encoding::kRaw;
  } else {
    const std::string_view allowed = signal && *signal != Signal::kLogs
                                         ? "otlp_proto or otlp_json"
                                         : "otlp_proto, otlp_json or raw";
    section.error_at("encoding", "expected " + std::string(allowed) + ", found \"" + text + "\"");
  }
}

// `topic` and `encoding` for all signals: the form before there was one for each.
void read_older_form(Section& section, KafkaOptions& into) {
  if (section.deprecated("topic", "topic of each signal: traces: {topic: …}")) {
    std::string topic;
    section.text("topic", &topic);
    for (SignalOptions& signal : into.signals) {
      if (!topic.empty()) signal.topic = topic;
    }
  }
  if (section.deprecated("encoding", "encoding of each signal: traces: {encoding: …}")) {
    Encoding encoding = Encoding::kProto;
    read_encoding(section, std::nullopt, encoding);
    for (const Signal signal : kSignals) {
      if (encoding == Encoding::kRaw && signal != Signal::kLogs) continue;
      into.signals[index_of(signal)].encoding = encoding;
    }
  }
}

void read_signals(Section& section, KafkaOptions& into) {
  for (const Signal signal : kSignals) {
    SignalOptions& options = into.signals[index_of(signal)];
    section.section(signal_name(signal), [&](Section& keys) {
      keys.text("topic", &options.topic);
      read_encoding(keys, signal, options.encoding);
      keys.text("topic_from_metadata_key", &options.topic_from_metadata_key);
      keys.text("message_key_from_metadata_key", &options.message_key_from_metadata_key);
    });
    options.topic_from_metadata_key = lower(options.topic_from_metadata_key);
    options.message_key_from_metadata_key = lower(options.message_key_from_metadata_key);
    if (options.topic.empty())
      section.error("the topic of " + std::string(signal_name(signal)) + " is empty");
  }
}

void read_key_sources(Section& section, KafkaOptions& into) {
  const auto read = [&](const char* key, Signal signal, KeySource source) {
    bool is_on = false;
    section.boolean(key, &is_on);
    if (!is_on) return;
    SignalOptions& options = into.signals[index_of(signal)];
    if (options.key_source != KeySource::kNone) {
      section.error_at(key, "the key of logs can be the trace id or the resource, not both");
    }
    options.key_source = source;
    if (!options.message_key_from_metadata_key.empty()) {
      section.error_at(key, "cannot go with message_key_from_metadata_key of the same signal");
    }
  };
  read("partition_traces_by_id", Signal::kTraces, KeySource::kTraceId);
  read("partition_metrics_by_resource_attributes", Signal::kMetrics, KeySource::kResource);
  read("partition_logs_by_resource_attributes", Signal::kLogs, KeySource::kResource);
  read("partition_logs_by_trace_id", Signal::kLogs, KeySource::kTraceId);
}

// A map, or a list of {name, value}. Names keep their case, unlike those of HTTP.
void read_record_headers(Section& section, std::vector<MetadataEntry>& into) {
  section.headers("record_headers", &into);
  const yaml::Node* const node = section.find("record_headers");
  if (node == nullptr || section.has_errors()) return;
  const bool is_map = node->kind == yaml::Node::Kind::kMapping;
  for (size_t i = 0; i < into.size(); ++i) {
    into[i].name = is_map ? node->mapping[i].key : node->sequence[i].find("name")->scalar;
  }
}

void read_headers(Section& section, KafkaOptions& into) {
  read_record_headers(section, into.record_headers);
  section.text_list("include_metadata_keys", &into.include_metadata_keys);
  section.boolean("signal_header", &into.has_signal_header);
  if (!into.has_signal_header) return;
  const auto is_reserved = [](const auto& name) { return lower(name) == kSignalHeader; };
  const bool is_taken = std::ranges::any_of(into.include_metadata_keys, is_reserved) ||
                        std::ranges::any_of(into.record_headers, is_reserved, &MetadataEntry::name);
  if (is_taken) section.error_at("signal_header", "otelcol.signal is given as a header as well");
}

void read_partitioner(Section& section, KafkaOptions& into) {
  section.section("record_partitioner", [&](Section& keys) {
    int given = 0;
    if (keys.section("sticky_key", [&](Section& sticky) {
          sticky.choice("hasher", &into.partitioning,
                        {{"sarama_compat", static_cast<int>(Partitioning::kFnv1a)},
                         {"murmur2", static_cast<int>(Partitioning::kMurmur2)}});
        })) {
      ++given;
    }
    if (keys.section("round_robin", [](Section&) {})) {
      into.partitioning = Partitioning::kRoundRobin;
      ++given;
    }
    keys.unsupported("least_backup", "it is not in this version; use sticky_key or round_robin");
    keys.unsupported("extension", "partitioners in extensions are not in this version");
    if (given > 1) keys.error("at most one strategy may be given");
  });
}

// -1 or "all", 0, 1.
std::string read_acks(Section& producer) {
  std::string text = "1";
  if (!producer.text("required_acks", &text)) return "1";
  if (text == "all") return "-1";
  if (text == "-1" || text == "0" || text == "1") return text;
  producer.error_at("required_acks", "expected 0, 1, -1 or all, found \"" + text + "\"");
  return "1";
}

void read_compression(Section& producer, KafkaOptions& into) {
  std::string compression = "none";
  producer.text("compression", &compression);
  constexpr std::string_view kCompressions[] = {"none", "gzip", "snappy", "lz4", "zstd"};
  if (std::ranges::find(kCompressions, compression) == std::end(kCompressions)) {
    producer.error_at("compression",
                      "expected none, gzip, snappy, lz4 or zstd, found \"" + compression + "\"");
    return;
  }
  int64_t level = -1;
  producer.section("compression_params", [&](Section& params) {
    params.integer("level", &level, {.min = -1, .max = 12});
  });
  into.is_compressed = compression != "none";
  into.client.properties.emplace_back("compression.type", compression);
  // 0 is the default of the codec as well, as in otelcol.
  into.client.properties.emplace_back("compression.level", std::to_string(level == 0 ? -1 : level));
}

void read_producer(Section& section, KafkaOptions& into) {
  auto& properties = into.client.properties;
  std::string acks = "1";
  Duration linger = 10ms;
  int64_t flush_max = 10'000;
  const auto read = [&](Section& producer) {
    auto bytes = static_cast<int64_t>(into.message_bytes_max);
    producer.integer("max_message_bytes", &bytes, {.min = 1000, .max = 1'000'000'000});
    into.message_bytes_max = static_cast<size_t>(bytes);
    acks = read_acks(producer);
    read_compression(producer, into);
    producer.duration("linger", &linger);
    producer.integer("flush_max_messages", &flush_max, {.min = 0, .max = 1'000'000});
    producer.ignored("max_broker_write_bytes", "a request to a broker holds one batch");
    bool creates_topics = true;
    producer.boolean("allow_auto_topic_creation", &creates_topics);
    if (!creates_topics) {
      producer.warning_at("allow_auto_topic_creation",
                          "librdkafka leaves this to the broker: set auto.create.topics.enable "
                          "there");
    }
  };
  if (!section.section("producer", read)) {
    properties.emplace_back("compression.type", "none");
  }
  const bool waits_for_all = acks == "-1";
  properties.emplace_back("acks", acks);
  properties.emplace_back("enable.idempotence", waits_for_all ? "true" : "false");
  if (!waits_for_all) {
    // One: a retry cannot overtake. So an ordered queue is ordered in the partition.
    const bool is_ordered = into.helper.queue.num_consumers == 1;
    properties.emplace_back("max.in.flight.requests.per.connection", is_ordered ? "1" : "5");
  }
  // The budget bounds what is being sent. Bounds of the library's own would refuse the rest of a
  // batch of more messages at every attempt.
  properties.emplace_back("queue.buffering.max.messages", "0");
  properties.emplace_back("queue.buffering.max.kbytes", "2147483647");
  const Duration timeout = into.helper.timeout;
  if (timeout > Duration(0)) linger = std::min(linger, timeout / 2);
  properties.emplace_back("linger.ms",
                          linger > Duration(0) ? milliseconds(linger) : std::string("0"));
  properties.emplace_back("batch.num.messages",
                          std::to_string(flush_max == 0 ? 10'000 : flush_max));
  properties.emplace_back("message.timeout.ms",
                          timeout > Duration(0) ? milliseconds(timeout) : std::string("0"));
  if (timeout > Duration(0)) properties.emplace_back("request.timeout.ms", milliseconds(timeout));
  if (into.partitioning == Partitioning::kRoundRobin) {
    properties.emplace_back("sticky.partitioning.linger.ms", "0");
  }
  // A null key is no key: it goes to any partition, the same one for a few messages.
  properties.emplace_back("partitioner", into.partitioning == Partitioning::kMurmur2
                                             ? "murmur2_random"
                                             : "fnv1a_random");
}

}  // namespace

std::vector<std::string> KafkaOptions::metadata_keys() const {
  std::set<std::string> keys;
  for (const std::string& key : include_metadata_keys) keys.insert(lower(key));
  for (const SignalOptions& signal : signals) {
    if (!signal.topic_from_metadata_key.empty()) keys.insert(signal.topic_from_metadata_key);
    if (!signal.message_key_from_metadata_key.empty()) {
      keys.insert(signal.message_key_from_metadata_key);
    }
  }
  return {keys.begin(), keys.end()};
}

void read_options(Section& section, KafkaOptions& into) {
  for (size_t i = 0; i < kSignalCount; ++i) into.signals[i].topic = kTopics[i];
  config::read_exporter_helper(section, into.helper);
  millrace::kafka::read_client_options(section, into.client);
  read_older_form(section, into);
  read_signals(section, into);
  read_key_sources(section, into);
  read_headers(section, into);
  read_partitioner(section, into);
  read_producer(section, into);
  section.unsupported("topic_from_attribute",
                      "it is not in this version; use topic_from_metadata_key of the signal");
}

}  // namespace millrace::exporters::kafka
