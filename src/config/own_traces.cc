#include "config/own_traces.h"

#include <algorithm>
#include <string>
#include <utility>

namespace millrace::config {
namespace {

constexpr int64_t kQueueSpansDefault = 2048;
constexpr int64_t kBatchSpansMax = 65'536;
constexpr int64_t kQueueSpansMax = 1'048'576;

enum class Level : uint8_t { kNone, kOn };

void read_level(Section& traces, Level* into) {
  traces.choice("level", into,
                {{"none", static_cast<int>(Level::kNone)},
                 {"basic", static_cast<int>(Level::kOn)},
                 {"normal", static_cast<int>(Level::kOn)},
                 {"detailed", static_cast<int>(Level::kOn)}});
}

void read_propagators(Section& traces, OwnTracesConfig& into) {
  std::vector<std::string> names;
  traces.text_list("propagators", &names);
  for (const std::string& name : names) {
    if (name == "tracecontext") {
      into.reads_trace_context = true;
    } else if (name == "b3") {
      into.reads_b3 = true;
    } else {
      traces.error_at("propagators",
                      "\"" + name + "\" is not supported; expected tracecontext or b3");
    }
  }
}

void read_exporter(Section& processor, int64_t queue_items, OwnTracesConfig& into) {
  const bool has_exporter = processor.section("exporter", [&](Section& exporter) {
    const bool is_otlp = exporter.section("otlp", [&](Section& otlp) {
      into.exporters.push_back(read_otlp_push(otlp, OwnSignal::kTraces, queue_items));
    });
    exporter.ignored("console", "the extension console shows traces; use otlp to send them");
    if (!is_otlp && !exporter.has("console")) exporter.error("needs otlp");
  });
  if (!has_exporter) processor.error("needs exporter::otlp");
}

// The queue between recording and sending is the one of the exporter.
void read_batch(Section& batch, OwnTracesConfig& into) {
  int64_t delay_ms = into.schedule_delay / 1ms;
  int64_t queue_items = kQueueSpansDefault;
  batch.integer("schedule_delay", &delay_ms, {0, kMillisecondsMax});
  batch.integer("max_export_batch_size", &into.export_batch_max, {1, kBatchSpansMax});
  batch.integer("max_queue_size", &queue_items, {1, kQueueSpansMax});
  batch.ignored("export_timeout", "the exporter has a timeout of its own");
  into.schedule_delay = std::chrono::milliseconds(delay_ms);
  into.export_batch_max = std::min(into.export_batch_max, queue_items);
  read_exporter(batch, queue_items, into);
}

// Each span leaves in the turn of the loop after the one in which it ended.
void read_simple(Section& simple, OwnTracesConfig& into) {
  into.schedule_delay = 0s;
  read_exporter(simple, kQueueSpansDefault, into);
}

void read_processors(Section& traces, OwnTracesConfig& into) {
  traces.section_list("processors", [&into](Section& processor) {
    const bool is_batch =
        processor.section("batch", [&into](Section& batch) { read_batch(batch, into); });
    const bool is_simple =
        processor.section("simple", [&into](Section& simple) { read_simple(simple, into); });
    if (is_batch == is_simple) processor.error("needs either batch or simple");
  });
}

// One of the samplers that do not look at the parent, as a share of the traces.
bool read_share(Section& sampler, double* into) {
  int count = 0;
  count += sampler.section("always_on", [into](Section&) { *into = 1; }) ? 1 : 0;
  count += sampler.section("always_off", [into](Section&) { *into = 0; }) ? 1 : 0;
  count += sampler.section("trace_id_ratio_based",
                           [into](Section& ratio) {
                             *into = 1;
                             ratio.number("ratio", into, 0, 1);
                           })
               ? 1
               : 0;
  sampler.unsupported("jaeger_remote", "use trace_id_ratio_based");
  return count == 1;
}

void read_share_of(Section& parent_based, const char* key, double* into) {
  parent_based.section(key, [into](Section& sampler) {
    sampler.unsupported("parent_based", "use one of the samplers below within parent_based");
    if (!read_share(sampler, into)) {
      sampler.error("needs one of always_on, always_off and trace_id_ratio_based");
    }
  });
}

void read_sampler(Section& sampler, OwnTracesConfig& into) {
  const bool is_parent_based = sampler.section("parent_based", [&into](Section& parent_based) {
    read_share_of(parent_based, "root", &into.root_share);
    read_share_of(parent_based, "remote_parent_sampled", &into.parent_sampled_share);
    read_share_of(parent_based, "remote_parent_not_sampled", &into.parent_not_sampled_share);
    for (const char* key : {"local_parent_sampled", "local_parent_not_sampled"}) {
      parent_based.ignored(key, "no span has a parent in the collector itself");
    }
  });
  double share = 1;
  const bool is_plain = read_share(sampler, &share);
  if (is_parent_based == is_plain) {
    return sampler.error(
        "needs one of parent_based, always_on, always_off and trace_id_ratio_based");
  }
  if (!is_plain) return;
  into.root_share = into.parent_sampled_share = into.parent_not_sampled_share = share;
}

}  // namespace

void read_own_traces(Section& traces, OwnTracesConfig& into) {
  Level level = Level::kOn;
  read_level(traces, &level);
  read_propagators(traces, into);
  read_processors(traces, into);
  traces.section("sampler", [&into](Section& sampler) { read_sampler(sampler, into); });
  traces.ignored("limits", "the collector's own spans have a fixed set of attributes");
  if (level == Level::kNone) into.exporters.clear();
}

}  // namespace millrace::config
