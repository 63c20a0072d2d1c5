#include "processors/logdedup/log_dedup.h"

#include <algorithm>
#include <utility>

#include "otlp/rope_writer.h"
#include "otlp/views.h"
#include "processors/logdedup/held_records.h"
#include "processors/logdedup/record_edit.h"
#include "processors/logdedup/record_key.h"
#include "processors/logdedup/selection.h"
#include "rules/condition_run.h"

namespace millrace::processors::logdedup {
namespace {

using otlp::MessageBytes;

// The limits of a request that is emitted, one in each turn.
constexpr size_t kRecordsAtOnce = 1000;
constexpr size_t kBytesAtOnce = 4 << 20;
constexpr Duration kAgain = 100ms;  // when there is no memory for a request
constexpr uint32_t kResourceLogs = 1;
constexpr uint32_t kResource = 1;
constexpr uint32_t kScope = 1;
constexpr size_t kRequestBytesMax = size_t{256} << 20;

class LogDedupProcessor final : public pipeline::Processor {
 public:
  LogDedupProcessor(std::shared_ptr<const Options> options, const Parts& parts)
      : options_(std::move(options)),
        loop_(parts.loop),
        pool_(parts.pool),
        long_work_(parts.long_work),
        wall_clock_(parts.wall_clock),
        log_(parts.log),
        name_(parts.name),
        tally_(parts.tally),
        environment_(parts.environment),
        stages_(rules::make_condition_stages(options_->conditions)),
        outlet_(parts.outlet),
        seed_{parts.loop.random().next(), parts.loop.random().next()},
        aggregated_(parts.metrics.histogram(
            "otelcol_dedup_processor_aggregated_logs",
            "Number of log records that were aggregated together. [Development]",
            {{"processor", parts.name}}, {1, 5, 10, 50, 100, 500, 1000, 5000, 10'000})),
        timer_(loop_.make_timer([this] { on_timer(); })) {
    timer_->arm_at(loop_.now() + options_->interval);
  }

  Result<pipeline::ProcessorResult> process(pipeline::Payload& payload, Work& work) override {
    // In one piece, reserved, so that its messages are slices.
    otlp::RopeWriter memory(work, kRequestBytesMax, "counting log records");
    std::optional<Bytes> whole = memory.join(payload.bytes);
    if (!whole) {
      emit_early();
      return fail(memory.finish().error());
    }
    payload.bytes = Rope(std::move(*whole));
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
    // As if all records were new; the rest is given back.
    const size_t parts = payload.item_count + count_groups(payload, work);
    const size_t room = payload.bytes.size() + HeldRecords::kOverheadBytes * parts;
    if (room > pool_.budget().limit()) {
      return fail(Code::kResourceExhausted, "the request has more log records than can be counted");
    }
    Reservation reserved = Reservation::try_make(pool_.budget(), MemoryTerm::kKeyedState, room);
    if (!reserved) {
      emit_early();
      return fail(Code::kUnavailable, "memory: no room for log records that are being counted");
    }
    ++process_count_;
    held_.add_room(std::move(reserved));
    const uint32_t held = count(payload, selected, work);
    // Requests that are suspended in count() still need theirs.
    if (--process_count_ == 0) held_.return_room();
    const uint32_t counted = std::exchange(payload.item_count, passing_count) - passing_count;
    payload.bytes = std::move(passing);
    return pipeline::ProcessorResult{.filtered_count = counted - held, .held_count = held};
  }

  uint64_t held_count() const override {
    return held_.record_count() + leaving_.record_count() - left_count_;
  }

  void flush() override {
    timer_->disarm();
    while (held_count() != 0) {
      take_over();
      if (emit_some()) continue;
      // Not even the reserve of drains has room; all that is left is to count them.
      outlet_.filter(static_cast<uint32_t>(leaving_.record_count() - left_count_));
      end_leaving();
    }
  }

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
          HeldRecords::Scope& into = held_.scope_of(resource_key, as_text(resource.resource.view()),
                                                    scope_key, as_text(scope.scope.view()));
          const bool is_new =
              held_.add(into, key, now, [&] { return std::string(as_text(record)); });
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

  void on_timer() {
    // A request that is being counted is suspended: its records are not in the books yet.
    if (process_count_ != 0) return timer_->arm_at(loop_.now() + 1ms);
    if (leaving_.empty() && loop_.now() >= next_interval_) {
      next_interval_ = loop_.now() + options_->interval;
      take_over();
    }
    if (!emit_some()) return timer_->arm_at(loop_.now() + kAgain);
    timer_->arm_at(leaving_.empty() ? next_interval_ : loop_.now());
  }
  // When memory is short: what is held makes room as it leaves.
  void emit_early() {
    next_interval_ = loop_.now();
    timer_->arm_at(loop_.now());
  }

  void take_over() {
    if (!leaving_.empty()) return;
    leaving_ = std::exchange(held_, {});
  }
  void end_leaving() {
    leaving_ = {};
    cursor_ = {};
    left_count_ = 0;
  }

  // Emits a request of some of the records that are leaving. False: there is no memory for it, not
  // even from the reserve of drains: in a process that is full of held records they must leave.
  bool emit_some() {
    if (leaving_.empty()) return true;
    Work work = long_work_.work();
    otlp::RopeWriter writer(work, kRequestBytesMax);
    writer.let_pass_the_limit();
    const Cursor begin = cursor_;
    const std::vector<uint64_t> counts = write_some(writer);
    Result<Rope> bytes = writer.finish();
    if (!bytes) {
      cursor_ = begin;
      return false;
    }
    for (const uint64_t count : counts) aggregated_.record(static_cast<double>(count));
    pipeline::Payload payload;
    payload.signal = Signal::kLogs;
    payload.item_count = static_cast<uint32_t>(counts.size());
    payload.bytes = std::move(*bytes);
    payload.admitted_at = loop_.now();
    left_count_ += counts.size();
    if (cursor_.group == leaving_.groups().size()) end_leaving();
    // What finds no room behind is dropped and counted there.
    static_cast<void>(outlet_.emit(std::move(payload)));
    return true;
  }

  struct Cursor {
    size_t group = 0;
    size_t scope = 0;
    size_t record = 0;
  };

  // Returns the count of each record that was written.
  std::vector<uint64_t> write_some(otlp::RopeWriter& writer) {
    std::vector<uint64_t> counts;
    const WallTime now = wall_clock_();
    std::vector<HeldRecords::Group>& groups = leaving_.groups();
    const auto is_full = [&] {
      return counts.size() >= kRecordsAtOnce || writer.size() >= kBytesAtOnce || writer.failed();
    };
    while (cursor_.group < groups.size() && !is_full()) {
      const HeldRecords::Group& group = groups[cursor_.group];
      const auto resource_logs = writer.open(kResourceLogs, 1024);
      write_field(writer, kResource, group.resource);
      while (cursor_.scope < group.scopes.size() && !is_full()) {
        const HeldRecords::Scope& scope = group.scopes[cursor_.scope];
        const auto scope_logs = writer.open(otlp::kResourceScopes, 1024);
        write_field(writer, kScope, scope.scope);
        while (cursor_.record < scope.records.size() && !is_full()) {
          const HeldRecords::Record& record = scope.records[cursor_.record++];
          write_field(writer, otlp::kScopeItems,
                      with_count(record.bytes, record.counted, *options_, now));
          counts.push_back(record.counted.count);
        }
        writer.close(scope_logs);
        if (cursor_.record < scope.records.size()) break;
        cursor_.record = 0;
        ++cursor_.scope;
      }
      writer.close(resource_logs);
      if (cursor_.scope < group.scopes.size()) break;
      cursor_.scope = 0;
      ++cursor_.group;
    }
    return counts;
  }
  static void write_field(otlp::RopeWriter& writer, uint32_t number, std::string_view content) {
    writer.write_len_prefix(number, content.size());
    writer.write(as_span(content));
  }

  const std::shared_ptr<const Options> options_;
  io::Loop& loop_;
  ChunkPool& pool_;
  io::LongWork& long_work_;
  const std::function<WallTime()>& wall_clock_;
  Logger& log_;
  const std::string& name_;
  const std::shared_ptr<rules::Tally> tally_;
  const rules::Environment environment_;
  const std::vector<rules::ConditionStage> stages_;  // none or one
  pipeline::Outlet& outlet_;
  const RecordKey seed_;
  metrics::Histogram& aggregated_;
  std::unique_ptr<io::Timer> timer_;
  MonotonicTime next_interval_{};
  HeldRecords held_;       // of this interval
  HeldRecords leaving_;    // of the one before
  Cursor cursor_;          // in leaving_
  size_t left_count_ = 0;  // records of leaving_ that have left
  int process_count_ = 0;  // requests that are being counted
};

}  // namespace

std::unique_ptr<pipeline::Processor> make_log_dedup_processor(
    std::shared_ptr<const Options> options, const Parts& parts) {
  return std::make_unique<LogDedupProcessor>(std::move(options), parts);
}

}  // namespace millrace::processors::logdedup
