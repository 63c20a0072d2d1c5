#include "ottl/walk.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "otlp/item_count.h"
#include "otlp/level_writer.h"
#include "otlp/schema.h"
#include "ottl/record_output.h"
#include "ottl/text_presence.h"
#include "ottl/walked_metrics.h"

namespace millrace::ottl {
namespace {

using otlp::FieldSet;
using otlp::Level;
using otlp::MetricType;
using wire::WireType;

// The cost of reading a field and of a visit, in units of the pace.
constexpr size_t kFieldUnits = 8;
constexpr size_t kVisitUnits = 100;

constexpr uint32_t kOwnMessage = 1;  // ResourceX.resource, ScopeX.scope
constexpr FieldSet kMetricData = otlp::field_bit(5) | otlp::field_bit(7) | otlp::field_bit(9) |
                                 otlp::field_bit(10) | otlp::field_bit(11);

// The contexts of a signal, from the outside in.
std::array<Context, 4> contexts_of(Signal signal) {
  switch (signal) {
    case Signal::kMetrics:
      return {Context::kResource, Context::kScope, Context::kMetric, Context::kDataPoint};
    case Signal::kLogs:
      return {Context::kResource, Context::kScope, Context::kLog, Context::kLog};
    case Signal::kTraces:
    case Signal::kProfiles:
      break;
  }
  return {Context::kResource, Context::kScope, Context::kSpan, Context::kSpanEvent};
}

// A message that is removed with all items in it.
enum class Removed : uint8_t { kResource, kScope, kMetric };

// The message of one context that is being walked.
struct Frame {
  explicit Frame(Budget& budget) : scratch(&budget), spare(&budget) {}
  Record record;
  MessageIndex index;  // of the record
  Scratch scratch;     // of the visits of this context, and of the changes of its record
  Scratch spare;
  uint64_t seen_revision = 0;
};

class Walk {
 public:
  Walk(const WalkOptions& options, Signal signal, const Rope& request, Visitor& visitor, Work& work)
      : options_(options),
        signal_(signal),
        visitor_(visitor),
        work_(work),
        contexts_(contexts_of(signal)),
        levels_(request, work, options.what),
        output_(levels_, work, options.what),
        frames_{Frame(work.pool.budget()), Frame(work.pool.budget()), Frame(work.pool.budget()),
                Frame(work.pool.budget())},
        required_(options.required_texts, work.pace),
        added_(work.pool.budget()) {
    item_.pace = &work.pace;
    if (signal == Signal::kMetrics && !options.removes) item_.added_metrics = &added_;
    for (size_t depth = 0; depth < contexts_.size(); depth++) {
      if (wants(contexts_[depth])) depth_ = depth;
    }
    if (signal == Signal::kLogs && depth_ == 3) depth_ = 2;
  }

  Result<Walked> run() {
    Level level;
    while (levels_.next_resource_x(&level)) {
      const uint32_t removed_before = removed_count_;
      if (walk_resource_x(level) == Fate::kRemove) {
        removed_count_ = removed_before + count_in(Removed::kResource, level);
        levels_.remove_resource_x();
      }
    }
    if (passed_over_ != 0) visitor_.pass_over(contexts_[2], passed_over_);
    auto request = levels_.finish();
    if (!request) return fail(std::move(request.error()));
    return Walked{std::move(*request), removed_count_};
  }

 private:
  bool wants(Context context) const { return (options_.visited & context_bit(context)) != 0; }
  bool is_changed_below(Context context) const {
    return (options_.changed_below & context_bit(context)) != 0;
  }

  // --- Visits.

  // The record that visits of this context and of lower ones see.
  Record& enter(size_t depth, otlp::MessageBytes bytes, otlp::MessageBytes around = {},
                MetricType type = MetricType::kNone, int64_t index = 0) {
    const Context context = contexts_[depth];
    Frame& entered = frames_[depth];
    entered.record.reset(context, bytes, around, type, index);
    entered.record.use_index(&entered.index);
    if (options_.reads_often) entered.index.expect_uses();
    entered.scratch.clear();
    item_.records[static_cast<size_t>(context)] = &entered.record;
    return entered.record;
  }

  Fate visit(size_t depth) {
    const Context context = contexts_[depth];
    if (!wants(context)) return Fate::kKeep;
    work_.pace.step(kVisitUnits);
    Frame& visited = frames_[depth];
    const Fate fate = visitor_.visit(context, item_, visited.scratch);
    if (fate == Fate::kStop) levels_.stop(visitor_.failure());
    if (visited.scratch.was_refused()) {
      levels_.stop(no_memory(options_.what, visited.scratch.bytes(), work_.pool.budget()));
    }
    if (options_.changed_below != 0) take_changes_below(depth);
    return levels_.stopped() ? Fate::kStop : fate;
  }

  // Changes of the messages around a visit must outlive the visit's scratch.
  void take_changes_below(size_t depth) {
    for (size_t outer = 0; outer < depth; outer++) {
      Frame& around = frames_[outer];
      if (around.record.revision() == around.seen_revision) continue;
      around.record.move_changes(around.spare);
      std::swap(around.scratch, around.spare);
      around.spare.clear();
      around.seen_revision = around.record.revision();
      if (around.scratch.was_refused()) {
        levels_.stop(no_memory(options_.what, around.scratch.bytes(), work_.pool.budget()));
      }
    }
  }

  // --- Levels.

  Fate walk_resource_x(Level& level) {
    level.children = otlp::field_bit(otlp::kResourceScopes);
    const Bytes resource = levels_.merged(level.content, kOwnMessage);
    if (levels_.stopped()) return Fate::kStop;
    enter(0, resource.view(), level.content.view());
    return walk_around(level, resource, 0, [&](Level& around, const wire::Field& field) {
      return walk_child(around, field, Removed::kScope,
                        [&](Level& scope_x) { return walk_scope_x(scope_x); });
    });
  }

  Fate walk_scope_x(Level& level) {
    level.children = otlp::field_bit(otlp::kScopeItems);
    const Bytes scope = levels_.merged(level.content, kOwnMessage);
    if (levels_.stopped()) return Fate::kStop;
    enter(1, scope.view(), level.content.view());
    required_.begin(level.content.view());
    return walk_around(level, scope, 1, [&](Level& around, const wire::Field& field) {
      if (signal_ == Signal::kMetrics) {
        return walk_child(around, field, Removed::kMetric,
                          [&](Level& metric) { return walk_metric(metric); });
      }
      return walk_item(around, field);
    });
  }

  // A resource or scope: visited before its children; the record is field 1.
  template <class WalkChild>
  Fate walk_around(Level& level, const Bytes& own, size_t depth, const WalkChild& walk_inside) {
    const Fate fate = visit(depth);
    if (fate != Fate::kKeep) return fate;
    const Context context = contexts_[depth];
    const Record& record = frames_[depth].record;
    frames_[depth].seen_revision = record.revision();
    FieldSet dropped = 0;
    if (is_changed_below(context)) {
      level.order = otlp::LevelOrder::kChildrenFirst;
    } else if (record.is_changed()) {
      dropped = output_.write_own(level, record, own);
    }
    if (dropped != 0 || depth < depth_ || options_.removes) {
      walk_fields(level, dropped, depth < depth_, walk_inside);
    }
    if (added_.count() != 0) walk_added_metrics(level);
    if (levels_.stopped()) return Fate::kStop;
    if (options_.removes && !level.has_kept_child) return Fate::kRemove;
    FieldSet replaced = 0;
    if (is_changed_below(context) && record.is_changed())
      replaced = output_.write_own(level, record, own);
    levels_.close(level, replaced);
    return Fate::kKeep;
  }

  // Drops own fields, replaces entries of attributes and walks children, in one pass.
  template <class WalkChild>
  void walk_fields(Level& level, FieldSet dropped, bool walks_children,
                   const WalkChild& walk_inside, RecordOutput::Entries entries = {}) {
    wire::FieldReader fields(level.content.view());
    for (wire::Field field; !levels_.stopped() && fields.next(&field);) {
      work_.pace.step(kFieldUnits);
      const FieldSet bit = otlp::field_bit(field.number);
      if ((bit & dropped) != 0) {
        levels_.drop(level, field.whole);
      } else if (entries.map != nullptr && output_.replace_entry(level, field.whole, &entries)) {
        continue;
      } else if ((bit & level.children) != 0 && field.type == WireType::kLen) {
        if (walks_children) {
          walk_inside(level, field);
        } else if (!level.has_kept_child) {
          levels_.keep_child(level, field.whole);
        }
      }
    }
    output_.write_entries(level, &entries);
  }

  template <class WalkInside>
  void walk_child(Level& around, const wire::Field& field, Removed removed,
                  const WalkInside& walk_inside) {
    Level level = levels_.inside(around, field);
    const uint32_t removed_before = removed_count_;
    const Fate fate = walk_inside(level);
    if (!options_.removes || fate == Fate::kStop) return;
    if (fate == Fate::kRemove) {
      removed_count_ = removed_before + count_in(removed, level);
      levels_.remove_child(around, field.whole);
    } else {
      levels_.keep_child(around, field.whole);
    }
  }

  // A span or a log record.
  void walk_item(Level& around, const wire::Field& field) {
    if (!required_.is_in(field.bytes)) {
      passed_over_++;
      if (options_.removes) levels_.keep_child(around, field.whole);
      return;
    }
    enter(2, field.bytes);
    const Fate fate = visit(2);
    const Record& record = frames_[2].record;
    frames_[2].seen_revision = record.revision();
    if (fate == Fate::kStop) return;
    if (fate == Fate::kRemove) {
      removed_count_++;
      levels_.remove_child(around, field.whole);
      return;
    }
    if (options_.removes) levels_.keep_child(around, field.whole);
    if (depth_ < 3 && !record.is_changed()) return;
    Level level = levels_.inside(around, field);
    if (depth_ == 3) level.children = otlp::field_bit(otlp::kSpanEvents);
    int64_t index = 0;
    walk_record(level, 2, [&](Level& span, const wire::Field& event) {
      enter(3, event.bytes, {}, MetricType::kNone, index++);
      walk_leaf(span, event);
    });
  }

  // A message whose own fields stand beside its children.
  template <class WalkChild>
  void walk_record(Level& level, size_t depth, const WalkChild& walk_inside) {
    const Record& record = frames_[depth].record;
    const bool is_last = is_changed_below(contexts_[depth]);
    FieldSet dropped = 0;
    RecordOutput::Entries entries;
    if (is_last) {
      level.order = otlp::LevelOrder::kChildrenFirst;
    } else if (record.is_changed()) {
      entries = RecordOutput::edited_entries(record);
      if (entries.map != nullptr && record.changes().size() == 1) {
        levels_.open(level);
      } else {
        dropped = output_.write_fields(level, record, otlp::field_bit(entries.field_number));
      }
    }
    if (dropped != 0 || level.children != 0) {
      walk_fields(level, dropped, true, walk_inside, entries);
    } else {
      output_.write_entries(level, &entries);
    }
    if (levels_.stopped()) return;
    FieldSet replaced = 0;
    if (is_last && record.is_changed()) {
      // The children were written already.
      const uint32_t children = contexts_[depth] == Context::kMetric
                                    ? static_cast<uint32_t>(record.type())
                                    : otlp::kSpanEvents;
      replaced = output_.write_fields(level, record, otlp::field_bit(children));
    }
    levels_.close(level, replaced);
  }

  // An event or a data point, which was entered.
  void walk_leaf(Level& around, const wire::Field& field) {
    const Fate fate = visit(3);
    if (fate == Fate::kStop) return;
    if (fate == Fate::kRemove) {
      removed_count_ += signal_ == Signal::kMetrics ? 1 : 0;
      levels_.remove_child(around, field.whole);
      return;
    }
    if (options_.removes) levels_.keep_child(around, field.whole);
    const Record& record = frames_[3].record;
    if (!record.is_changed()) return;
    Level level = levels_.inside(around, field);
    walk_record(level, 3, [](Level&, const wire::Field&) {});
  }

  Fate walk_metric(Level& level) {
    level.children = kMetricData;
    const MetricType type = unify_data(level, levels_, work_);
    if (levels_.stopped()) return Fate::kStop;
    enter(2, level.content.view(), {}, type);
    const Fate fate = visit(2);
    frames_[2].seen_revision = frames_[2].record.revision();
    if (fate != Fate::kKeep) return fate;
    if (depth_ < 3 && !frames_[2].record.is_changed()) return Fate::kKeep;
    bool has_points = false;
    walk_record(level, 2, [&](Level& metric, const wire::Field& field) {
      if (depth_ < 3) return;
      Level data = levels_.inside(metric, field);
      data.children = otlp::field_bit(otlp::kDataPoints);
      data.order = level.order;
      walk_fields(data, 0, true, [&](Level& points, const wire::Field& point) {
        enter(3, point.bytes, {}, type);
        walk_leaf(points, point);
      });
      has_points = data.has_kept_child;
      if (has_points || !options_.removes)
        levels_.close(data, is_changed_below(Context::kMetric)
                                ? output_.write_data_fields(data, frames_[2].record)
                                : 0);
    });
    if (levels_.stopped()) return Fate::kStop;
    // Without a type there are no points to remove.
    const bool is_empty = depth_ == 3 && type != MetricType::kNone && !has_points;
    return options_.removes && is_empty ? Fate::kRemove : Fate::kKeep;
  }

  // Statements run on the added metrics too, and may add more, until there is no room.
  void walk_added_metrics(Level& scope) {
    for (size_t i = 0; i < added_.count() && !levels_.stopped(); i++) {
      const uint8_t* const end = scope.content.data() + scope.content.size();
      Level level{.around = &scope, .field_number = otlp::kScopeItems, .whole = {end, 0}};
      level.content = added_.take(i, levels_, work_);
      if (levels_.stopped()) return;
      level.kept = level.content.data();
      walk_metric(level);
      if (!level.is_open) {
        levels_.open(level);
        levels_.close(level);
      }
    }
    added_.clear();
  }

  uint32_t count_in(Removed removed, const Level& level) {
    const Rope rope(level.content);
    otlp::RopeReader reader(rope);
    switch (removed) {
      case Removed::kResource:
        return otlp::count_items_in_resource(signal_, reader, rope.size(), &work_.pace);
      case Removed::kScope:
        return otlp::count_items_in_scope(signal_, reader, rope.size(), &work_.pace);
      case Removed::kMetric:
        break;
    }
    return otlp::count_points_in_metric(reader, rope.size(), &work_.pace);
  }

  const WalkOptions& options_;
  const Signal signal_;
  Visitor& visitor_;
  Work& work_;
  const std::array<Context, 4> contexts_;
  size_t depth_ = 0;  // of the lowest context that is visited
  otlp::LevelWriter levels_;
  RecordOutput output_;
  std::array<Frame, 4> frames_;
  Item item_;
  TextPresence required_;
  AddedMetrics added_;
  uint32_t removed_count_ = 0;
  uint64_t passed_over_ = 0;
};

}  // namespace

Result<Walked> walk_request(const WalkOptions& options, Signal signal, const Rope& request,
                            Visitor& visitor, Work& work) {
  return Walk(options, signal, request, visitor, work).run();
}

}  // namespace millrace::ottl
