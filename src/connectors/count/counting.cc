#include "connectors/count/counting.h"

#include <algorithm>
#include <string>
#include <unordered_map>
#include <utility>

#include "metric_streams/point_walk.h"
#include "metric_streams/point_writer.h"
#include "otlp/edit.h"
#include "otlp/rope_writer.h"
#include "ottl/evaluation.h"
#include "ottl/walk.h"
#include "wire/writer.h"

namespace millrace::connectors::count {
namespace {

using item_identity::Identity;
using item_identity::IdentityMaker;
using otlp::MessageBytes;
using ottl::Context;
using ottl::Fate;
using ottl::Field;

constexpr std::string_view kWhat = "counting items";
constexpr std::string_view kScopeName =
    "github.com/open-telemetry/opentelemetry-collector-contrib/connector/countconnector";
constexpr uint32_t kPointAttributes = 7;
constexpr size_t kOverheadBytes = 128;  // of a count
constexpr Context kContexts[] = {Context::kSpan, Context::kSpanEvent, Context::kMetric,
                                 Context::kDataPoint, Context::kLog};

struct Times {
  uint64_t first = 0;
  uint64_t last = 0;
  void include(uint64_t time) {
    if (time == 0) return;
    first = first == 0 ? time : std::min(first, time);
    last = std::max(last, time);
  }
};

struct Count {
  std::string attributes;  // as fields of a data point
  uint64_t count = 0;
};
using CountMap = std::unordered_map<Identity, Count, item_identity::IdentityHash>;

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

MessageBytes find_value(MessageBytes message, uint32_t number, std::string_view key) {
  otlp::MessageReader attributes(message, number);
  for (MessageBytes attribute; attributes.next(&attribute);) {
    const auto view = otlp::KeyValueView::read(attribute);
    if (view.key != key) continue;
    return view.value.data() != nullptr ? view.value : attribute.last(0);
  }
  return {};
}

class Counting final : public ottl::Visitor {
 public:
  Counting(const CountingParts& parts, WallTime now, Work& work, size_t batch_bytes)
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
    const std::vector<Counted>& all = parts_.options.of(context);
    auto& counts = counts_[static_cast<size_t>(context)];
    counts.resize(all.size());
    for (size_t i = 0; i < all.size(); ++i) {
      if (is_counted(all[i], item, scratch)) add(all[i], context, item, counts[i]);
    }
    return memory_.failed() ? Fate::kStop : Fate::kKeep;
  }

  Error failure() override {
    if (memory_.was_refused()) return no_memory(kWhat, memory_.bytes(), work_.pool.budget());
    return {Code::kResourceExhausted, "a batch has too many counts"};
  }

  Result<Counts> finish() {
    end_resource();
    auto request = out_.finish();
    if (!request) return fail(std::move(request.error()));
    return Counts{std::move(*request), point_count_};
  }

 private:
  bool is_counted(const Counted& counted, ottl::Item& item, ottl::Scratch& scratch) {
    if (counted.conditions.empty()) return true;
    ottl::Evaluation evaluation(item, scratch);
    for (const ottl::CompiledCondition& condition : counted.conditions) {
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

  // The item's own attributes win over those of its scope, and these over the resource's.
  MessageBytes find(const ottl::Item& item, Context context, std::string_view key) const {
    MessageBytes value;
    if (context != Context::kMetric) {
      const ottl::Record& record = item.at(context);
      value = find_value(record.bytes(), attributes_field(record), key);
    }
    if (value.data() == nullptr) {
      value = find_value(item.at(Context::kScope).bytes(), otlp::kScopeAttributes, key);
    }
    if (value.data() == nullptr) {
      value = find_value(item.at(Context::kResource).bytes(), otlp::kResourceAttributes, key);
    }
    return value;
  }

  void add(const Counted& counted, Context context, const ottl::Item& item, CountMap& counts) {
    Identity identity;
    wire::Writer writer(64);
    for (const CountedAttribute& attribute : counted.attributes) {
      MessageBytes value = find(item, context, attribute.key);
      if (value.data() == nullptr) {
        if (!attribute.default_value) return;
        value = as_span(*attribute.default_value);
      }
      identity.append(maker_.of_value(value));
      const auto entry = writer.open(kPointAttributes, value.size() + attribute.key.size() + 8);
      writer.string_field(1, attribute.key);
      writer.bytes_field(2, value);
      writer.close(entry);
    }
    const auto [found, is_new] = counts.try_emplace(identity);
    if (is_new && memory_.charge(kOverheadBytes + writer.size())) {
      found->second.attributes = writer.to_string();
    }
    ++found->second.count;
  }

  void end_resource() {
    const bool has_counts = std::ranges::any_of(counts_, [](const auto& of_context) {
      return std::ranges::any_of(of_context, [](const CountMap& map) { return !map.empty(); });
    });
    if (has_counts) write_resource();
    for (auto& of_context : counts_) of_context.clear();
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
    const auto scope = out_.open(1, kScopeName.size());
    out_.write_len_prefix(1, kScopeName.size());
    out_.write(as_span(kScopeName));
    out_.close(scope);
    for (const Context context : kContexts) {
      const auto& counts = counts_[static_cast<size_t>(context)];
      for (size_t i = 0; i < counts.size(); ++i) {
        if (counts[i].empty()) continue;
        write_metric(parts_.options.of(context)[i], times_[static_cast<size_t>(context)],
                     counts[i]);
      }
    }
    out_.close(scope_metrics);
    out_.close(resource_metrics);
  }

  void write_metric(const Counted& counted, const Times& times, const CountMap& counts) {
    const auto metric = out_.open(otlp::kScopeItems, 128 * counts.size());
    out_.write_len_prefix(1, counted.name.size());
    out_.write(as_span(counted.name));
    if (!counted.description.empty()) {
      out_.write_len_prefix(2, counted.description.size());
      out_.write(as_span(counted.description));
    }
    const auto sum = out_.open(static_cast<uint32_t>(otlp::MetricType::kSum), 128 * counts.size());
    wire::Writer point(128);
    for (const auto& [identity, count] : counts) {
      point.truncate(0);
      point.raw(as_span(count.attributes));
      point.fixed64_field(2, times.first == 0 ? now_ : times.first);
      point.fixed64_field(3, times.first == 0 ? now_ : times.last);
      metric_streams::write_values(metric_streams::NumberValues{static_cast<int64_t>(count.count)},
                                   point);
      out_.write_len_prefix(otlp::kDataPoints, point.size());
      out_.write(point.view());
      ++point_count_;
    }
    point.truncate(0);
    point.varint_field(2, static_cast<uint64_t>(metric_streams::kDelta));
    point.varint_field(3, 1);
    out_.write(point.view());
    out_.close(sum);
    out_.close(metric);
  }

  const CountingParts& parts_;
  const uint64_t now_;
  Work& work_;
  const IdentityMaker maker_;
  ottl::Scratch memory_;  // accounts for counts_
  otlp::RopeWriter out_;
  ottl::Map cache_;
  // Of the current resource.
  std::string resource_;
  std::array<std::vector<CountMap>, ottl::kContextCount> counts_;
  std::array<Times, ottl::kContextCount> times_{};
  uint32_t point_count_ = 0;
};

}  // namespace

Result<Counts> count_items(const CountingParts& parts, Signal signal, const Rope& batch,
                           WallTime now, Work& work) {
  ottl::WalkOptions options{.visited = ottl::context_bit(Context::kResource), .what = kWhat};
  for (const Context context : kContexts) {
    if (ottl::belongs_to(context, signal)) options.visited |= ottl::context_bit(context);
  }
  Counting counting(parts, now, work, batch.size());
  auto walked = ottl::walk_request(options, signal, batch, counting, work);
  if (!walked) return fail(std::move(walked.error()));
  return counting.finish();
}

}  // namespace millrace::connectors::count
