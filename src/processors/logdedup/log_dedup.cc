#include "processors/logdedup/log_dedup.h"

#include <algorithm>
#include <utility>

#include "interval_hold/interval_hold.h"
#include "otlp/views.h"
#include "processors/logdedup/held_records.h"
#include "processors/logdedup/record_edit.h"
#include "processors/logdedup/record_key.h"
#include "processors/logdedup/selection.h"
#include "rules/condition_run.h"

namespace millrace::processors::logdedup {
namespace {

using otlp::MessageBytes;

constexpr uint32_t kResourceLogs = 1;
constexpr uint32_t kResource = 1;
constexpr uint32_t kScope = 1;

class LogDedupProcessor final : public pipeline::Processor,
                                private interval_hold::ItemWriter<HeldRecords> {
 public:
  LogDedupProcessor(std::shared_ptr<const Options> options, const Parts& parts)
      : options_(std::move(options)),
        wall_clock_(parts.wall_clock),
        log_(parts.log),
        name_(parts.name),
        tally_(parts.tally),
        environment_(parts.environment),
        stages_(rules::make_condition_stages(options_->conditions)),
        seed_{parts.loop.random().next(), parts.loop.random().next()},
        aggregated_(parts.metrics.histogram(
            "otelcol_dedup_processor_aggregated_logs",
            "Number of log records that were aggregated together. [Development]",
            {{"processor", parts.name}}, {1, 5, 10, 50, 100, 500, 1000, 5000, 10'000})),
        hold_({.signal = Signal::kLogs,
               .interval = options_->interval,
               .activity = "counting log records",
               .more_than = "log records than can be counted",
               .no_room_for = "log records that are being counted"},
              {parts.loop, parts.pool, parts.long_work, parts.outlet}, *this) {}

  Result<pipeline::ProcessorResult> process(pipeline::Payload& payload, Work& work) override {
    if (Status joined = hold_.join(payload, work); !joined) return fail(joined.error());
    Rope passing;  // what no condition selects
    uint32_t passing_count = 0;
    std::vector<bool> selected;
    if (!stages_.empty()) {
      auto walked = select(payload, work, selected);
      if (!walked) return fail(std::move(walked.error()));
      if (walked->removed_count == 0) return pipeline::ProcessorResult{};
      passing = std::move(walked->request);
      passing_count = payload.item_count - walked->removed_count;
    }
    const size_t parts = payload.item_count + count_groups(payload, work);
    const auto entry = hold_.enter(payload.bytes.size() + HeldRecords::kOverheadBytes * parts);
    if (!entry) return fail(entry.error());
    const uint32_t held = count(payload, selected, work);
    const uint32_t counted = std::exchange(payload.item_count, passing_count) - passing_count;
    payload.bytes = std::move(passing);
    return pipeline::ProcessorResult{.filtered_count = counted - held, .held_count = held};
  }

  uint64_t held_count() const override { return hold_.held_count(); }
  void flush() override { hold_.flush(); }

 private:
  // Resources and scopes.
  static size_t count_groups(const pipeline::Payload& payload, Work& work) {
    size_t count = 0;
    otlp::ResourceReader resources(payload.bytes);
    for (otlp::ResourceView resource; resources.next(&resource); ++count) {
      otlp::MessageReader scopes(resource.bytes.view(), otlp::kResourceScopes, &work.pace);
      for (MessageBytes scope; scopes.next(&scope);) ++count;
    }
    return count;
  }

  // Returns what passes; `selected` receives which records do not.
  Result<ottl::Walked> select(const pipeline::Payload& payload, Work& work,
                              std::vector<bool>& selected) {
    rules::ConditionRun conditions(*tally_, environment_);
    conditions.begin(stages_.front());
    Selection selection(conditions, log_, name_);
    auto walked =
        ottl::walk_request(stages_.front().walk, Signal::kLogs, payload.bytes, selection, work);
    selected = selection.selected();
    return walked;
  }

  // Counts the selected records, or all where `selected` is empty. Returns how many are kept.
  uint32_t count(const pipeline::Payload& payload, const std::vector<bool>& selected, Work& work) {
    const item_identity::IdentityMaker keys(seed_, work.pace);
    const otlp::ReadBounds bounds{.pace = &work.pace};
    const WallTime now = wall_clock_();
    uint32_t held = 0;
    size_t number = 0;
    otlp::ResourceReader resources(payload.bytes);
    for (otlp::ResourceView resource; resources.next(&resource);) {
      const RecordKey resource_key = keys.of_resource(resource.resource.view());
      otlp::ScopeReader scopes(resource, bounds);
      for (otlp::ScopeView scope; scopes.next(&scope);) {
        const RecordKey scope_key = keys.of_scope(scope);
        otlp::MessageReader records(scope.bytes.view(), otlp::kScopeItems, &work.pace);
        for (MessageBytes record; records.next(&record);) {
          if (!selected.empty() && !selected[number++]) continue;
          std::string left;
          if (!options_->exclude_fields.empty()) {
            left = without_fields(record, options_->exclude_fields, work.pace);
            record = as_span(left);
          }
          const RecordKey key = key_of(record, keys, work.pace);
          // Looked up for each record, since another request may have been counted meanwhile.
          HeldRecords::Scope& into =
              hold_.held().scope_of(resource_key, as_text(resource.resource.view()), scope_key,
                                    as_text(scope.scope.view()));
          const bool is_new =
              hold_.held().add(into, key, now, [&] { return std::string(as_text(record)); });
          held += is_new ? 1 : 0;
        }
      }
    }
    return held;
  }

  RecordKey key_of(MessageBytes record, const item_identity::IdentityMaker& keys,
                   Pace& pace) const {
    const otlp::LogRecordView view = otlp::LogRecordView::read(record, &pace);
    if (!options_->include_fields.empty()) {
      if (const auto key = key_of_fields(keys, view, options_->include_fields)) return *key;
    }
    return key_of_record(keys, view);
  }

  uint32_t write_some(HeldRecords& held, HeldRecords::Cursor& cursor,
                      otlp::RopeWriter& writer) override {
    counts_.clear();
    const WallTime now = wall_clock_();
    const std::vector<HeldRecords::Group>& groups = held.groups();
    const auto is_full = [&] {
      return counts_.size() >= interval_hold::kItemsAtOnce ||
             writer.size() >= interval_hold::kBytesAtOnce || writer.failed();
    };
    while (cursor.group < groups.size() && !is_full()) {
      const HeldRecords::Group& group = groups[cursor.group];
      const auto resource_logs = writer.open(kResourceLogs, 1024);
      write_field(writer, kResource, group.resource);
      while (cursor.scope < group.scopes.size() && !is_full()) {
        const HeldRecords::Scope& scope = group.scopes[cursor.scope];
        const auto scope_logs = writer.open(otlp::kResourceScopes, 1024);
        write_field(writer, kScope, scope.scope);
        while (cursor.record < scope.records.size() && !is_full()) {
          const HeldRecords::Record& record = scope.records[cursor.record++];
          write_field(writer, otlp::kScopeItems,
                      with_count(record.bytes, record.counted, *options_, now));
          counts_.push_back(record.counted.count);
        }
        writer.close(scope_logs);
        if (cursor.record < scope.records.size()) break;
        cursor.record = 0;
        ++cursor.scope;
      }
      writer.close(resource_logs);
      if (cursor.scope < group.scopes.size()) break;
      cursor.scope = 0;
      ++cursor.group;
    }
    return static_cast<uint32_t>(counts_.size());
  }
  void on_leave() override {
    for (const uint64_t count : counts_) aggregated_.record(static_cast<double>(count));
  }
  static void write_field(otlp::RopeWriter& writer, uint32_t number, std::string_view content) {
    writer.write_len_prefix(number, content.size());
    writer.write(as_span(content));
  }

  const std::shared_ptr<const Options> options_;
  const std::function<WallTime()>& wall_clock_;
  Logger& log_;
  const std::string& name_;
  const std::shared_ptr<rules::Tally> tally_;
  const rules::Environment environment_;
  const std::vector<rules::ConditionStage> stages_;  // none or one
  const RecordKey seed_;
  metrics::Histogram& aggregated_;
  std::vector<uint64_t> counts_;  // of the records that write_some() wrote last
  interval_hold::IntervalHold<HeldRecords> hold_;
};

}  // namespace

std::unique_ptr<pipeline::Processor> make_log_dedup_processor(
    std::shared_ptr<const Options> options, const Parts& parts) {
  return std::make_unique<LogDedupProcessor>(std::move(options), parts);
}

}  // namespace millrace::processors::logdedup
