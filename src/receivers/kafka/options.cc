#include "receivers/kafka/options.h"

#include <algorithm>
#include <string_view>

namespace millrace::receivers::kafka {
namespace {

using config::Section;
using millrace::kafka::milliseconds;

constexpr std::array<std::string_view, kSignalCount> kTopics = {"otlp_spans", "otlp_metrics",
                                                                "otlp_logs", "otlp_profiles"};

bool is_pattern(const std::string& topic) { return topic.starts_with('^'); }

void read_encoding(Section& section, std::optional<Signal> signal, Encoding& into) {
  std::string text;
  if (!section.text("encoding", &text)) return;
  const bool may_be_logs = !signal || *signal == Signal::kLogs;
  if (text == "otlp_proto") {
    into = Encoding::kProto;
  } else if (text == "otlp_json") {
    into = Encoding::kJson;
  } else if (may_be_logs && text == "raw") {
    into = Encoding::kRaw;
  } else if (may_be_logs && (text == "text" || text == "text_utf-8" || text == "text_utf8")) {
    into = Encoding::kText;
  } else {
    section.error_at("encoding", "expected " +
                                     std::string(may_be_logs ? "otlp_proto, otlp_json, raw or text"
                                                             : "otlp_proto or otlp_json") +
                                     ", found \"" + text + "\"");
  }
}

// `topic` and `encoding` for all signals: the form before there was one for each.
void read_older_form(Section& section, Options& into) {
  if (section.deprecated("topic", "topics of each signal: traces: {topics: […]}")) {
    std::string topic;
    section.text("topic", &topic);
    for (SignalOptions& signal : into.signals) {
      if (!topic.empty()) signal.topics = {topic};
    }
  }
  if (section.deprecated("encoding", "encoding of each signal: traces: {encoding: …}")) {
    Encoding encoding = Encoding::kProto;
    read_encoding(section, std::nullopt, encoding);
    const bool is_of_logs = encoding == Encoding::kRaw || encoding == Encoding::kText;
    for (const Signal signal : kSignals) {
      if (is_of_logs && signal != Signal::kLogs) continue;
      into.signals[index_of(signal)].encoding = encoding;
    }
  }
}

void read_topics(Section& keys, SignalOptions& into) {
  if (keys.deprecated("topic", "topics: […]")) {
    std::string topic;
    keys.text("topic", &topic);
    if (!topic.empty()) into.topics = {topic};
  }
  keys.text_list("topics", &into.topics);
  if (keys.deprecated("exclude_topic", "exclude_topics: […]")) {
    std::string topic;
    keys.text("exclude_topic", &topic);
    if (!topic.empty()) into.exclude_topics = {topic};
  }
  keys.text_list("exclude_topics", &into.exclude_topics);
  const auto is_empty = [](const std::string& topic) { return topic.empty(); };
  if (into.topics.empty() || std::ranges::any_of(into.topics, is_empty)) {
    keys.error("at least one topic is needed, and none may be empty");
  }
  if (into.exclude_topics.empty()) return;
  if (std::ranges::none_of(into.topics, is_pattern)) {
    keys.error_at("exclude_topics", "means nothing unless one of topics begins with ^");
  }
  if (std::ranges::any_of(into.exclude_topics, is_empty)) {
    keys.error_at("exclude_topics", "an empty expression would exclude every topic");
  }
}

void read_group(Section& section, Options& into) {
  auto& properties = into.client.properties;
  into.group = "otel-collector";
  section.text("group_id", &into.group);
  if (into.group.empty()) section.error_at("group_id", "must not be empty");
  properties.emplace_back("group.id", into.group);
  std::string instance;
  section.text("group_instance_id", &instance);
  if (!instance.empty()) properties.emplace_back("group.instance.id", instance);
  std::string offset = "latest";
  section.text("initial_offset", &offset);
  if (offset != "latest" && offset != "earliest") {
    section.error_at("initial_offset", "expected latest or earliest, found \"" + offset + "\"");
  }
  properties.emplace_back("auto.offset.reset", offset);
  Duration session = 10s;
  Duration heartbeat = 3s;
  section.duration("session_timeout", &session);
  section.duration("heartbeat_interval", &heartbeat);
  properties.emplace_back("session.timeout.ms", milliseconds(session));
  properties.emplace_back("heartbeat.interval.ms", milliseconds(heartbeat));

  std::vector<std::string> strategies;
  std::string strategy;
  if (section.deprecated("group_rebalance_strategy", "group_rebalance_strategies: […]")) {
    section.text("group_rebalance_strategy", &strategy);
    if (!strategy.empty()) strategies = {strategy};
  }
  section.text_list("group_rebalance_strategies", &strategies);
  constexpr std::string_view kStrategies[] = {"range", "roundrobin", "cooperative-sticky"};
  std::string joined;
  for (const std::string& each : strategies) {
    if (std::ranges::find(kStrategies, each) == std::end(kStrategies)) {
      section.error_at("group_rebalance_strategies",
                       "expected range, roundrobin or cooperative-sticky, found \"" + each + "\"");
    }
    joined += (joined.empty() ? "" : ",") + each;
  }
  properties.emplace_back("partition.assignment.strategy",
                          joined.empty() ? "cooperative-sticky" : joined);
}

void read_fetching(Section& section, Options& into) {
  auto& properties = into.client.properties;
  const auto bytes = [&](const char* key, int64_t fallback, int64_t least, const char* property) {
    int64_t value = fallback;
    section.integer(key, &value, {.min = 0, .max = 1'000'000'000});
    properties.emplace_back(property, std::to_string(std::max(value, least)));
    return value;
  };
  bytes("min_fetch_size", 1, 1, "fetch.min.bytes");
  const int64_t partition =
      bytes("max_partition_fetch_size", 1'048'576, 1, "max.partition.fetch.bytes");
  const int64_t most =
      bytes("max_fetch_size", 1'048'576, std::max<int64_t>(partition, 1), "fetch.max.bytes");
  // Also the limit of what a batch of messages may become when it is decompressed (zstd), which is
  // many times the response.
  constexpr int64_t kDecompressedMax = 100'000'000;
  properties.emplace_back(
      "receive.message.max.bytes",
      std::to_string(std::max({most + 1024, partition + 1024, kDecompressedMax})));
  section.ignored("default_fetch_size", "max_fetch_size alone decides");
  Duration wait = 250ms;
  section.duration("max_fetch_wait", &wait);
  properties.emplace_back("fetch.wait.max.ms", milliseconds(wait));
}

void read_marking(Section& section, Options& into) {
  auto& properties = into.client.properties;
  bool commits = true;
  Duration interval = 1s;
  section.section("autocommit", [&](Section& keys) {
    keys.boolean("enable", &commits);
    keys.duration("interval", &interval);
  });
  // Without it otelcol commits behind each batch of messages.
  properties.emplace_back("auto.commit.interval.ms", milliseconds(commits ? interval : 100ms));
  properties.emplace_back("enable.auto.commit", "true");
  properties.emplace_back("enable.auto.offset.store", "false");
  section.section("message_marking", [&](Section& keys) {
    keys.ignored("after", "a message counts when `acknowledge` is met, never before");
    keys.boolean("on_error", &into.skips_refused);
    keys.ignored("on_permanent_error",
                 "what is refused for good goes to dead_letter, and the next "
                 "message follows");
  });
  section.section("error_backoff", [&](Section& keys) {
    bool is_on = false;
    keys.boolean("enabled", &is_on);
    Duration first = 5s;
    Duration longest = 30s;
    keys.duration("initial_interval", &first);
    keys.duration("max_interval", &longest);
    keys.ignored("multiplier", "the wait doubles");
    keys.ignored("randomization_factor", "there is one receiver for a partition");
    keys.ignored("max_elapsed_time", "a message is tried until it is taken");
    if (!is_on) return;
    into.retry_first = std::max<Duration>(first, 1ms);
    into.retry_longest = std::max(longest, into.retry_first);
  });
  section.section("partition_processing", [](Section& keys) {
    keys.ignored("independent", "a partition never waits for another's processing");
    keys.ignored("max_buffered_batches", "in_flight_max bounds what is under way");
  });
}

}  // namespace

void read_options(Section& section, Options& into) {
  for (size_t i = 0; i < kSignalCount; ++i) into.signals[i].topics = {std::string(kTopics[i])};
  millrace::kafka::read_client_options(section, into.client);
  read_older_form(section, into);
  for (const Signal signal : kSignals) {
    SignalOptions& options = into.signals[index_of(signal)];
    section.section(signal_name(signal), [&](Section& keys) {
      read_topics(keys, options);
      read_encoding(keys, signal, options.encoding);
    });
  }
  read_group(section, into);
  read_fetching(section, into);
  read_marking(section, into);
  section.section("header_extraction", [](Section& keys) {
    bool is_on = false;
    keys.boolean("extract_headers", &is_on);
    std::vector<std::string> headers;
    keys.text_list("headers", &headers);
    if (!is_on) return;
    keys.error_at("extract_headers",
                  "headers as attributes of the resource are not in this version; they are "
                  "metadata of the request, which the processors attributes and resource read "
                  "(from_context: metadata.NAME)");
  });
  section.ignored("telemetry", "the receiver's own metrics are always on");
  section.choice("acknowledge", &into.policy,
                 {{"accepted", static_cast<int>(pipeline::Policy::kAccepted)},
                  {"durable", static_cast<int>(pipeline::Policy::kDurable)},
                  {"delivered", static_cast<int>(pipeline::Policy::kDelivered)}});
  section.integer("in_flight_max", &into.in_flight_max, {.min = 1, .max = 1'000'000});
  config::read_dead_letter(section, into.dead_letter);
}

}  // namespace millrace::receivers::kafka
