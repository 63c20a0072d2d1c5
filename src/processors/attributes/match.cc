#include "processors/attributes/match.h"

#include <re2/re2.h>

#include <algorithm>
#include <array>

#include "processors/attributes/value.h"

namespace millrace::processors::attributes {

namespace {

using otlp::AnyValueView;
using otlp::EditContext;

bool matches_any(const std::vector<TextMatcher>& matchers, std::string_view text) {
  return matchers.empty() || std::any_of(matchers.begin(), matchers.end(),
                                         [&](const TextMatcher& m) { return m.matches(text); });
}

bool matches_value(const AttributeMatcher& matcher, const std::optional<AnyValueView>& value) {
  if (!value) return false;
  if (matcher.pattern != nullptr) {
    return re2::RE2::PartialMatch(otlp::to_text(*value), *matcher.pattern);
  }
  return !matcher.value || equal_values(AnyValueView::read(as_span(*matcher.value)), *value);
}

std::string_view span_kind_name(int32_t kind) {
  constexpr std::array<std::string_view, 6> kNames = {
      "SPAN_KIND_UNSPECIFIED", "SPAN_KIND_INTERNAL", "SPAN_KIND_SERVER",
      "SPAN_KIND_CLIENT",      "SPAN_KIND_PRODUCER", "SPAN_KIND_CONSUMER"};
  return kind >= 0 && kind < 6 ? kNames[static_cast<size_t>(kind)] : std::string_view();
}

bool matches_resource(const MatchProperties& properties, const EditContext& context) {
  const auto find = [&](std::string_view key) {
    return otlp::find_attribute(context.resource->resource.view(), otlp::kResourceAttributes, key);
  };
  if (!properties.services.empty()) {
    const auto service = find("service.name");
    if (!service || !matches_any(properties.services, otlp::to_text(*service))) return false;
  }
  return std::all_of(properties.resources.begin(), properties.resources.end(),
                     [&](const AttributeMatcher& m) { return matches_value(m, find(m.key)); });
}

bool matches_scope(const MatchProperties& properties, const EditContext& context) {
  return properties.libraries.empty() ||
         std::any_of(properties.libraries.begin(), properties.libraries.end(),
                     [&](const LibraryMatcher& m) {
                       return m.name.matches(context.scope->name) &&
                              (!m.version || m.version->matches(context.scope->version));
                     });
}

bool matches_span(const MatchProperties& properties, const EditContext& context) {
  if (properties.span_names.empty() && properties.span_kinds.empty()) return true;
  const otlp::SpanView span = otlp::SpanView::read(context.item);
  return matches_any(properties.span_names, span.name) &&
         matches_any(properties.span_kinds, span_kind_name(span.kind));
}

bool matches_log_record(const MatchProperties& properties, const EditContext& context) {
  if (properties.log_bodies.empty() && properties.log_severity_texts.empty() &&
      !properties.log_severity_min) {
    return true;
  }
  const otlp::LogRecordView log = otlp::LogRecordView::read(context.item);
  if (!properties.log_bodies.empty() && (log.body.type != AnyValueView::Type::kString ||
                                         !matches_any(properties.log_bodies, log.body.text))) {
    return false;
  }
  if (!matches_any(properties.log_severity_texts, log.severity_text)) return false;
  if (!properties.log_severity_min) return true;
  if (log.severity_number == 0) return properties.log_severity_match_undefined;
  return log.severity_number >= *properties.log_severity_min;
}

}  // namespace

bool matches(const MatchProperties& properties, const EditContext& context,
             const otlp::AttributeList& attributes) {
  if (!matches_resource(properties, context) || !matches_scope(properties, context)) return false;
  switch (context.signal) {
    case Signal::kTraces:
      if (!matches_span(properties, context)) return false;
      break;
    case Signal::kLogs:
      if (!matches_log_record(properties, context)) return false;
      break;
    case Signal::kMetrics:
      if (!matches_any(properties.metric_names, context.metric_name)) return false;
      break;
    case Signal::kProfiles:
      break;
  }
  return std::all_of(
      properties.attributes.begin(), properties.attributes.end(),
      [&](const AttributeMatcher& m) { return matches_value(m, attributes.find(m.key)); });
}

}  // namespace millrace::processors::attributes
