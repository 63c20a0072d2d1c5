#include "connectors/spanmetrics/span_aggregation.h"

#include <algorithm>
#include <string>

#include "connectors/spanmetrics/adjusted_count.h"
#include "wire/writer.h"

namespace millrace::connectors::spanmetrics {
namespace {

using item_identity::Identity;
using item_identity::IdentityMaker;
using otlp::MessageBytes;
using otlp::MessageReader;

constexpr size_t kSpanUnits = 100;      // of a Pace
constexpr size_t kOverheadBytes = 256;  // of a resource

// The attributes of a Resource, without its other fields.
std::string attributes_of(MessageBytes resource) {
  std::string attributes;
  wire::FieldReader fields(resource);
  for (wire::Field field; fields.next(&field);) {
    if (field.is(otlp::kResourceAttributes, wire::WireType::kLen)) {
      attributes += as_text(field.whole);
    }
  }
  return attributes;
}

}  // namespace

struct SpanAggregation::Batch {
  Part& part;
  const WallTime now;
  const uint64_t start;
  const IdentityMaker maker;
  Identity resource;  // of the current resource
  std::string_view trace_state;
  AdjustedCount adjusted;
};

Identity SpanAggregation::resource_identity(MessageBytes resource,
                                            const IdentityMaker& maker) const {
  if (options_.key_attributes.empty()) return maker.of_resource(resource);
  Identity identity;
  for (const std::string& key : options_.key_attributes) {
    MessageReader attributes(resource, otlp::kResourceAttributes, &maker.pace());
    for (MessageBytes attribute; attributes.next(&attribute);) {
      const auto view = otlp::KeyValueView::read(attribute);
      if (view.key != key) continue;
      identity.append(maker.of_text(key, IdentityMaker::kFirstOwnKind));
      identity.append(maker.of_value(view.value));
      break;
    }
  }
  return identity;
}

void SpanAggregation::count(const Rope& request, WallTime now, Work& work, Part& part) {
  Batch batch{.part = part,
              .now = now,
              .start = static_cast<uint64_t>(now.time_since_epoch().count()),
              .maker = IdentityMaker(seed_, work.pace),
              .resource = {},
              .trace_state = {},
              .adjusted = {}};
  const otlp::ReadBounds bounds{.pace = &work.pace};
  otlp::ResourceReader resources(request);
  for (otlp::ResourceView resource; resources.next(&resource);) {
    const MessageBytes own = resource.resource.view();
    const auto name =
        otlp::find_attribute(own, otlp::kResourceAttributes, "service.name", &work.pace);
    if (!name) continue;  // as in otelcol
    SpanContext context;
    context.resource = own;
    if (name->type == otlp::AnyValueView::Type::kString) context.service_name = name->text;
    batch.resource = resource_identity(own, batch.maker);
    otlp::ScopeReader scopes(resource, bounds);
    for (otlp::ScopeView scope; scopes.next(&scope);) {
      context.scope_name = scope.name;
      context.scope_version = scope.version;
      MessageReader spans(scope.bytes.view(), otlp::kScopeItems, &work.pace);
      for (MessageBytes span; spans.next(&span);) {
        work.pace.step(kSpanUnits);
        context.span = otlp::SpanView::read(span);
        count_span(batch, context);
      }
      batch.trace_state = {};  // a view of this scope
    }
  }
}

// Found for each span: the part may have been taken meanwhile.
ResourceSeries* SpanAggregation::resource_of(Batch& batch, const SpanContext& context) {
  ResourceMap& resources = batch.part.resources;
  auto found = resources.find(batch.resource);
  if (found == resources.end()) {
    ResourceSeries made(memory_);
    made.attributes = attributes_of(context.resource);
    if (!made.memory.take(kOverheadBytes + sizeof(ResourceSeries) + made.attributes.size())) {
      ++batch.part.uncounted_spans;
      return nullptr;
    }
    found = resources.emplace(batch.resource, std::move(made)).first;
  }
  found->second.last_seen = batch.now;
  return &found->second;
}

void SpanAggregation::count_span(Batch& batch, SpanContext& context) {
  const otlp::SpanView& span = context.span;
  if (span.trace_state != batch.trace_state) {
    batch.trace_state = span.trace_state;
    batch.adjusted = adjusted_count(span.trace_state, random_);
  } else if (span.trace_state.empty()) {
    batch.adjusted = {};
  }
  context.is_adjusted = batch.adjusted.is_adjusted;
  const uint64_t count = batch.adjusted.count;
  double duration = 0;
  if (span.end_time_unix_nano > span.start_time_unix_nano) {
    duration = static_cast<double>(span.end_time_unix_nano - span.start_time_unix_nano) /
               (options_.is_in_seconds ? 1e9 : 1e6);
  }
  const Identity base = dimensions_.base_identity(context, batch.maker);
  Identity calls = base;
  dimensions_.append(context, options_.calls_dimensions, batch.maker, calls);
  const bool has_own_durations = options_.has_histogram && !options_.counts_and_durations_agree();
  Identity durations = base;
  if (has_own_durations) {
    dimensions_.append(context, options_.duration_dimensions, batch.maker, durations);
  }
  // From here to the end of the series the walk is not suspended.
  ResourceSeries* const resource = resource_of(batch, context);
  if (resource == nullptr) return;
  Series& called = find_or_make(calls, Metric::kCalls, batch.start, options_, *resource, [&] {
    return dimensions_.attributes(context, options_.calls_dimensions);
  });
  touch(batch, context, count, duration, called);
  if (options_.counts_and_durations_agree())
    observe(duration, count, options_.shape(), called.durations);
  if (has_own_durations) {
    Series& timed =
        find_or_make(durations, Metric::kDurations, batch.start, options_, *resource,
                     [&] { return dimensions_.attributes(context, options_.duration_dimensions); });
    touch(batch, context, count, duration, timed);
    observe(duration, count, options_.shape(), timed.durations);
  }
  if (options_.has_events) count_events(batch, context, count, duration);
}

void SpanAggregation::count_events(Batch& batch, SpanContext& context, uint64_t count,
                                   double duration) {
  MessageReader events(context.span.bytes, otlp::kSpanEvents, &batch.maker.pace());
  for (MessageBytes event; events.next(&event);) {
    context.event = event;
    // An event may have dimensions of the span too.
    Identity identity = dimensions_.base_identity(context, batch.maker);
    dimensions_.append(context, options_.event_dimensions, batch.maker, identity);
    ResourceSeries* const resource = resource_of(batch, context);
    if (resource == nullptr) break;
    Series& series = find_or_make(identity, Metric::kEvents, batch.start, options_, *resource, [&] {
      return dimensions_.attributes(context, options_.event_dimensions);
    });
    touch(batch, context, count, duration, series);
  }
  context.event = {};
}

void SpanAggregation::touch(Batch& batch, const SpanContext& context, uint64_t count,
                            double duration, Series& series) const {
  series.count += count;
  series.last_seen = batch.now;
  if (!options_.has_exemplars || series.exemplars.size() >= options_.exemplars_max) return;
  const auto& trace_id = context.span.trace_id;
  const auto& span_id = context.span.span_id;
  Exemplar exemplar{.trace_id = {}, .span_id = {}, .value = duration};
  if (trace_id.size() != exemplar.trace_id.size()) return;
  std::ranges::copy(trace_id, exemplar.trace_id.begin());
  if (span_id.size() == exemplar.span_id.size()) {
    std::ranges::copy(span_id, exemplar.span_id.begin());
  }
  series.exemplars.push_back(exemplar);
}

}  // namespace millrace::connectors::spanmetrics
