#include "item_match/matcher.h"

#include <re2/re2.h>

#include <algorithm>
#include <array>

#include "item_match/value.h"
#include "otlp/value_text.h"

namespace millrace::item_match {

namespace {

using otlp::AnyValueView;
using otlp::EditContext;
using otlp::MessageBytes;
using Type = AnyValueView::Type;

// otelcol's name of a resource without service.name.
constexpr std::string_view kNoServiceName = "<nil-service-name>";
bool matches_any(const std::vector<TextMatcher>& matchers, std::string_view text) {
  return matchers.empty() ||
         std::ranges::any_of(matchers, [&](const TextMatcher& m) { return m.matches(text); });
}

// Any value as otelcol prints it.
Result<bool> matches_any_as_text(const std::vector<TextMatcher>& matchers,
                                 const AnyValueView& value, Work& work) {
  otlp::ValueText text(work);
  const bool matches = matches_any(matchers, text.of(value));
  if (text.failed()) return fail(*text.failure());
  return matches;
}

// otelcol compares patterns with text, numbers and bools only.
bool matches_pattern(const re2::RE2& pattern, const AnyValueView& value) {
  if (value.type == Type::kString) return finds(pattern, value.text);
  const auto text = scalar_text(value);
  return text && finds(pattern, *text);
}

bool matches_value(const AttributeMatcher& matcher, const AnyValueView& value) {
  if (matcher.pattern != nullptr) return matches_pattern(*matcher.pattern, value);
  return !matcher.value || equal_values(AnyValueView::read(as_span(*matcher.value)), value);
}

std::string_view span_kind_name(int32_t kind) {
  constexpr std::array<std::string_view, 6> kNames = {
      "SPAN_KIND_UNSPECIFIED", "SPAN_KIND_INTERNAL", "SPAN_KIND_SERVER",
      "SPAN_KIND_CLIENT",      "SPAN_KIND_PRODUCER", "SPAN_KIND_CONSUMER"};
  return kind >= 0 && kind < 6 ? kNames[static_cast<size_t>(kind)] : std::string_view();
}

Result<bool> matches_resource(const MatchProperties& properties, const EditContext& context,
                              Work& work) {
  const MessageBytes resource = context.resource->resource.view();
  if (!properties.services.empty()) {
    const auto service =
        otlp::find_attribute(resource, otlp::kResourceAttributes, "service.name", &work.pace);
    const auto matches = service ? matches_any_as_text(properties.services, *service, work)
                                 : matches_any(properties.services, kNoServiceName);
    if (!matches || !*matches) return matches;
  }
  return match_attributes(properties.resources, resource, otlp::kResourceAttributes, work);
}

bool matches_scope(const MatchProperties& properties, const EditContext& context) {
  return std::ranges::all_of(properties.libraries, [&](const LibraryMatcher& m) {
    return m.name.matches(context.scope->name) &&
           (!m.version || m.version->matches(context.scope->version));
  });
}

bool matches_span(const MatchProperties& properties, const EditContext& context, Pace& pace) {
  if (properties.span_names.empty() && properties.span_kinds.empty()) return true;
  const otlp::SpanView span = otlp::SpanView::read(context.item, &pace);
  return matches_any(properties.span_names, span.name) &&
         matches_any(properties.span_kinds, span_kind_name(span.kind));
}

Result<bool> matches_log_record(const MatchProperties& properties, const EditContext& context,
                                Work& work) {
  if (properties.log_bodies.empty() && properties.log_severity_texts.empty() &&
      !properties.log_severity_min) {
    return true;
  }
  const otlp::LogRecordView log = otlp::LogRecordView::read(context.item, &work.pace);
  if (properties.log_severity_min) {
    const bool matches = log.severity_number == 0
                             ? properties.log_severity_match_undefined
                             : log.severity_number >= *properties.log_severity_min;
    if (!matches) return false;
  }
  if (!matches_any(properties.log_severity_texts, log.severity_text)) return false;
  if (properties.log_bodies.empty()) return true;
  return matches_any_as_text(properties.log_bodies, log.body, work);
}

}  // namespace

Result<bool> match_attributes(const std::vector<AttributeMatcher>& matchers, MessageBytes message,
                              uint32_t field_number, Work& work) {
  return std::ranges::all_of(matchers, [&](const AttributeMatcher& m) {
    const auto value = otlp::find_attribute(message, field_number, m.key, &work.pace);
    return value && matches_value(m, *value);
  });
}

Result<bool> Matcher::matches_surroundings(const EditContext& context) {
  if (resource_.number != context.resource_number) {
    const auto matches = matches_resource(properties_, context, work_);
    if (!matches) return matches;
    resource_ = {context.resource_number, *matches};
  }
  if (!resource_.matches) return false;
  if (scope_.number != context.scope_number) {
    scope_ = {context.scope_number, matches_scope(properties_, context)};
  }
  return scope_.matches;
}

Result<bool> Matcher::matches(const EditContext& context) {
  if (context.signal == Signal::kMetrics) {
    return matches_any(properties_.metric_names, context.metric_name);
  }
  const auto around = matches_surroundings(context);
  if (!around || !*around) return around;
  if (context.signal == Signal::kTraces) {
    if (!matches_span(properties_, context, work_.pace)) return false;
    return match_attributes(properties_.attributes, context.item, otlp::kSpanAttributes, work_);
  }
  const auto record = matches_log_record(properties_, context, work_);
  if (!record || !*record) return record;
  return match_attributes(properties_.attributes, context.item, otlp::kLogRecordAttributes, work_);
}

Selector::Selector(const MatchConfig& config, Signal signal, Work& work) {
  if (config.include && Matcher::has_effect(*config.include, signal)) {
    include_.emplace(*config.include, work);
  }
  if (config.exclude && Matcher::has_effect(*config.exclude, signal)) {
    exclude_.emplace(*config.exclude, work);
  }
}

Result<bool> Selector::select(const EditContext& context) {
  if (include_) {
    const auto included = include_->matches(context);
    if (!included || !*included) return included;
  }
  if (!exclude_) return true;
  const auto excluded = exclude_->matches(context);
  if (!excluded) return excluded;
  return !*excluded;
}

Result<bool> Selector::selects(const EditContext& context) {
  if (context.signal != Signal::kMetrics) return select(context);
  if (metric_number_ != context.metric_number || metric_number_ == 0) {
    const auto selected = select(context);
    if (!selected) return selected;
    metric_number_ = context.metric_number;
    metric_is_selected_ = *selected;
  }
  return metric_is_selected_;
}

}  // namespace millrace::item_match
