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

// The text as it is; of what is no text a copy, where the budget has room for it.
bool has_text(const AnyValueView& value, otlp::AttributeList& list, auto&& matches_text) {
  if (value.type == AnyValueView::Type::kString) return matches_text(value.text);
  if (!list.may_copy(value.text.size() + value.members.size())) return false;
  return matches_text(std::string_view(otlp::to_text(value)));
}

bool matches_value(const AttributeMatcher& matcher, const std::optional<AnyValueView>& value,
                   otlp::AttributeList& list) {
  if (!value) return false;
  if (matcher.pattern != nullptr) {
    return has_text(*value, list, [&](std::string_view text) {
      return re2::RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), *matcher.pattern);
    });
  }
  return !matcher.value || equal_values(AnyValueView::read(as_span(*matcher.value)), *value);
}

std::string_view span_kind_name(int32_t kind) {
  constexpr std::array<std::string_view, 6> kNames = {
      "SPAN_KIND_UNSPECIFIED", "SPAN_KIND_INTERNAL", "SPAN_KIND_SERVER",
      "SPAN_KIND_CLIENT",      "SPAN_KIND_PRODUCER", "SPAN_KIND_CONSUMER"};
  return kind >= 0 && kind < 6 ? kNames[static_cast<size_t>(kind)] : std::string_view();
}

bool matches_resource(const MatchProperties& properties, const EditContext& context,
                      otlp::AttributeList& list) {
  const auto find = [&](std::string_view key) {
    return otlp::find_attribute(context.resource->resource.view(), otlp::kResourceAttributes, key);
  };
  if (!properties.services.empty()) {
    const auto service = find("service.name");
    const auto is_wanted = [&](std::string_view text) {
      return matches_any(properties.services, text);
    };
    if (!service || !has_text(*service, list, is_wanted)) return false;
  }
  return std::all_of(
      properties.resources.begin(), properties.resources.end(),
      [&](const AttributeMatcher& m) { return matches_value(m, find(m.key), list); });
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

bool Matcher::matches_surroundings(const EditContext& context, otlp::AttributeList& attributes) {
  const auto remembered = [](Remembered& of, uint64_t number, auto&& find_out) {
    if (of.number != number) of = {number, find_out()};
    return of.matches;
  };
  return remembered(resource_, context.resource_number,
                    [&] { return matches_resource(properties_, context, attributes); }) &&
         remembered(scope_, context.scope_number,
                    [&] { return matches_scope(properties_, context); }) &&
         (context.signal != Signal::kMetrics || remembered(metric_, context.metric_number, [&] {
            return matches_any(properties_.metric_names, context.metric_name);
          }));
}

bool Matcher::matches(const EditContext& context, otlp::AttributeList& attributes) {
  if (!matches_surroundings(context, attributes)) return false;
  if (context.signal == Signal::kTraces && !matches_span(properties_, context)) return false;
  if (context.signal == Signal::kLogs && !matches_log_record(properties_, context)) return false;
  return std::all_of(properties_.attributes.begin(), properties_.attributes.end(),
                     [&](const AttributeMatcher& m) {
                       return matches_value(m, attributes.find(m.key), attributes);
                     });
}

}  // namespace millrace::processors::attributes
