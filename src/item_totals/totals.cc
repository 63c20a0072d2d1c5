#include "item_totals/totals.h"

#include <algorithm>
#include <string>
#include <unordered_map>
#include <utility>

#include "otlp/edit.h"
#include "otlp/rope_writer.h"
#include "otlp/span_text.h"
#include "ottl/evaluation.h"
#include "ottl/walk.h"
#include "wire/writer.h"

namespace millrace::item_totals {
namespace {

using item_identity::Identity;
using item_identity::IdentityMaker;
using otlp::MessageBytes;
using ottl::Context;
using ottl::Fate;
using ottl::Field;
using pipeline::Converted;

constexpr std::string_view kWhat = "adding up items";
constexpr uint32_t kPointAttributes = 7;
constexpr uint64_t kDelta = 1;          // AggregationTemporality
constexpr size_t kOverheadBytes = 128;  // of a point
constexpr Context kContexts[] = {Context::kSpan, Context::kSpanEvent, Context::kMetric,
                                 Context::kDataPoint, Context::kLog};

struct Point {
  std::string attributes;  // as fields of a data point
  Number sum;
};
using PointMap = std::unordered_map<Identity, Point, item_identity::IdentityHash>;

void write_number(const Number& number, wire::Writer& into) {
  if (const auto* const integer = std::get_if<int64_t>(&number)) {
    into.fixed64_field(6, static_cast<uint64_t>(*integer));
  } else {
    into.double_field(4, std::get<double>(number));
  }
}

uint32_t attributes_field(const ottl::Record& record) {
  switch (record.context()) {
    case Context::kSpan:
      return otlp::kSpanAttributes;
    case Context::kSpanEvent:
      return otlp::kEventAttributes;
    case Context::kLog:
      return otlp::kLogRecordAttributes;
    case Context::kDataPoint:
      return otlp::point_attributes(record.type());
    default:
      return otlp::kResourceAttributes;
  }
}

}  // namespace

MessageBytes MatchedItem::own_attribute(std::string_view key) const {
  if (context_ == Context::kMetric) return {};
  const ottl::Record& record = item_.at(context_);
  return otlp::find_any_value(record.bytes(), attributes_field(record), key);
}
MessageBytes MatchedItem::scope_attribute(std::string_view key) const {
  return otlp::find_any_value(item_.at(Context::kScope).bytes(), otlp::kScopeAttributes, key);
}
MessageBytes MatchedItem::resource_attribute(std::string_view key) const {
  return otlp::find_any_value(item_.at(Context::kResource).bytes(), otlp::kResourceAttributes, key);
}

void Times::include(uint64_t time) {
  if (time == 0) return;
  first = first == 0 ? time : std::min(first, time);
  last = std::max(last, time);
}

namespace {

class Totaling final : public ottl::Visitor {
 public:
  Totaling(const TotalingParts& parts, WallTime now, Work& work, size_t batch_bytes)
      : parts_(parts),
        now_(static_cast<uint64_t>(now.time_since_epoch().count())),
        work_(work),
        maker_(parts.seed, work.pace),
        memory_(&work.pool.budget()),
        out_(work, std::max(otlp::kEditedBytesMax, 2 * batch_bytes), kWhat) {}

  Fate visit(Context context, ottl::Item& item, ottl::Scratch& scratch) override {
    if (context == Context::kResource) {
      end_resource();
      resource_ = std::string(as_text(item.at(Context::kResource).bytes()));
      return Fate::kKeep;
    }
    item.random = &parts_.random;
    item.now_unix_nano = static_cast<int64_t>(now_);
    item.cache = &cache_;
    note_times(item.at(context), scratch);
    const std::vector<Total>& all = parts_.options.of(context);
    auto& points = points_[static_cast<size_t>(context)];
    points.resize(all.size());
    for (size_t i = 0; i < all.size(); ++i) {
      if (is_met(all[i], item, scratch)) add(all[i], MatchedItem(context, item), points[i]);
    }
    return memory_.failed() ? Fate::kStop : Fate::kKeep;
  }

  Error failure() override {
    if (memory_.was_refused()) return no_memory(kWhat, memory_.bytes(), work_.pool.budget());
    return {Code::kResourceExhausted, "a batch has too many totals"};
  }

  Result<Converted> finish() {
    end_resource();
    auto request = out_.finish();
    if (!request) return fail(std::move(request.error()));
    return Converted{std::move(*request), point_count_};
  }

 private:
  bool is_met(const Total& total, ottl::Item& item, ottl::Scratch& scratch) {
    if (total.conditions.empty()) return true;
    ottl::Evaluation evaluation(item, scratch);
    for (const ottl::CompiledCondition& condition : total.conditions) {
      const auto holds = evaluation.test(condition);
      if (holds && *holds) return true;
      if (!holds) {
        parts_.log.warn("a condition failed",
                        {{"condition", condition.text}, {"reason", holds.error()}});
      }
    }
    return false;
  }

  void note_times(const ottl::Record& record, ottl::Scratch& scratch) {
    Times& times = times_[static_cast<size_t>(record.context())];
    const auto include = [&](Field field) {
      times.include(static_cast<uint64_t>(record.read(field, scratch).number));
    };
    if (record.context() == Context::kMetric) return;
    if (record.context() == Context::kSpan) {
      include(Field::kStartTimeUnixNano);
      include(Field::kEndTimeUnixNano);
    } else {
      include(Field::kTimeUnixNano);
    }
  }

  void add(const Total& total, const MatchedItem& item, PointMap& points) {
    Identity identity;
    wire::Writer writer(64);
    std::string room;
    for (const TotalAttribute& attribute : total.attributes) {
      const MessageBytes value = parts_.rules.value(item, attribute, room);
      if (value.data() == nullptr) return;
      identity.append(maker_.of_value(value));
      const auto entry = writer.open(kPointAttributes, value.size() + attribute.key.size() + 8);
      writer.string_field(1, attribute.key);
      writer.bytes_field(2, value);
      writer.close(entry);
    }
    const auto [found, is_new] = points.try_emplace(identity);
    if (is_new) {
      found->second.sum = parts_.rules.zero();
      if (memory_.charge(kOverheadBytes + writer.size())) {
        found->second.attributes = writer.to_string();
      }
    }
    parts_.rules.add(item, total, found->second.sum);
  }

  void end_resource() {
    const bool has_points = std::ranges::any_of(points_, [](const auto& of_context) {
      return std::ranges::any_of(of_context, [](const PointMap& map) { return !map.empty(); });
    });
    if (has_points) write_resource();
    for (auto& of_context : points_) of_context.clear();
    times_ = {};
  }

  void write_resource() {
    const auto resource_metrics = out_.open(1, 1024);
    const auto resource = out_.open(1, resource_.size());
    wire::FieldReader fields(as_span(resource_));
    for (wire::Field field; fields.next(&field);) {
      if (field.is(otlp::kResourceAttributes, wire::WireType::kLen)) out_.write(field.whole);
    }
    out_.close(resource);
    const auto scope_metrics = out_.open(otlp::kResourceScopes, 1024);
    const std::string_view scope_name = parts_.rules.scope_name();
    if (!scope_name.empty()) {
      const auto scope = out_.open(1, scope_name.size());
      out_.write_len_prefix(1, scope_name.size());
      out_.write(as_span(scope_name));
      out_.close(scope);
    }
    for (const Context context : kContexts) {
      const auto& points = points_[static_cast<size_t>(context)];
      const Times times = parts_.rules.times_of_points(times_[static_cast<size_t>(context)], now_);
      for (size_t i = 0; i < points.size(); ++i) {
        if (!points[i].empty()) write_metric(parts_.options.of(context)[i], times, points[i]);
      }
    }
    out_.close(scope_metrics);
    out_.close(resource_metrics);
  }

  void write_metric(const Total& total, const Times& times, const PointMap& points) {
    const auto metric = out_.open(otlp::kScopeItems, 128 * points.size());
    out_.write_len_prefix(1, total.name.size());
    out_.write(as_span(total.name));
    if (!total.description.empty()) {
      out_.write_len_prefix(2, total.description.size());
      out_.write(as_span(total.description));
    }
    const auto sum = out_.open(static_cast<uint32_t>(otlp::MetricType::kSum), 128 * points.size());
    wire::Writer point(128);
    for (const auto& [identity, of_map] : points) {
      point.truncate(0);
      point.raw(as_span(of_map.attributes));
      if (times.first != 0) point.fixed64_field(2, times.first);
      point.fixed64_field(3, times.last);
      write_number(of_map.sum, point);
      out_.write_len_prefix(otlp::kDataPoints, point.size());
      out_.write(point.view());
      ++point_count_;
    }
    point.truncate(0);
    point.varint_field(2, kDelta);
    point.varint_field(3, 1);
    out_.write(point.view());
    out_.close(sum);
    out_.close(metric);
  }

  const TotalingParts& parts_;
  const uint64_t now_;
  Work& work_;
  const IdentityMaker maker_;
  ottl::Scratch memory_;  // accounts for points_
  otlp::RopeWriter out_;
  ottl::Map cache_;
  // Of the current resource.
  std::string resource_;
  std::array<std::vector<PointMap>, ottl::kContextCount> points_;
  std::array<Times, ottl::kContextCount> times_{};
  uint32_t point_count_ = 0;
};

}  // namespace

Result<Converted> total_items(const TotalingParts& parts, Signal signal, const Rope& batch,
                              WallTime now, Work& work) {
  ottl::WalkOptions options{.visited = ottl::context_bit(Context::kResource), .what = kWhat};
  for (const Context context : kContexts) {
    if (ottl::belongs_to(context, signal)) options.visited |= ottl::context_bit(context);
  }
  Totaling totaling(parts, now, work, batch.size());
  auto walked = ottl::walk_request(options, signal, batch, totaling, work);
  if (!walked) return fail(std::move(walked.error()));
  return totaling.finish();
}

}  // namespace millrace::item_totals
