#include "receivers/jaeger/span_translation.h"

#include <algorithm>
#include <optional>
#include <span>
#include <string>

#include "receivers/jaeger/span_status.h"
#include "receivers/jaeger/tag_list.h"
#include "span_output/attribute_writer.h"
#include "wire/protobuf.h"

namespace millrace::receivers::jaeger {
namespace {

using otlp::json::Output;
using span_output::write_fixed64;
using span_output::write_string_attribute;
using span_output::write_text;
using span_output::write_varint;

// Fields of the OTLP messages, by their numbers.
constexpr uint32_t kResourceOfResourceSpans = 1;
constexpr uint32_t kScopeOfScopeSpans = 1;
constexpr uint32_t kSpansOfScopeSpans = 2;
constexpr uint32_t kAttributesOfResource = 1;
constexpr uint32_t kAttributesOfSpan = 9;
constexpr uint32_t kEventsOfSpan = 11;
constexpr uint32_t kAttributesOfEvent = 3;
constexpr uint32_t kLinksOfSpan = 13;
constexpr uint32_t kAttributesOfLink = 4;
constexpr uint32_t kStatusOfSpan = 15;
constexpr uint32_t kFlagsOfSpan = 16;

// What otelcol's exporter writes for a resource without a service name.
constexpr std::string_view kNoServiceName = "OTLPResourceNoServiceName";
constexpr std::string_view kVersionPrefix = "Jaeger-";

// The text of the first tag of that key, which is removed; of a tag that is no text, its empty
// text.
std::optional<std::string_view> remove_tag(std::vector<Tag>& tags, std::string_view key) {
  const auto found = std::ranges::find(tags, key, &Tag::key);
  if (found == tags.end()) return std::nullopt;
  const std::string_view text = found->text;
  tags.erase(found);
  return text;
}

// The parent that the span or its references name; 0: none. A reference of kind child-of comes
// before one of kind follows-from.
uint64_t parent_of(const Span& span) {
  if (span.parent_id != 0) return span.parent_id;
  const Reference* followed = nullptr;
  for (const Reference& reference : span.references.items()) {
    if (reference.trace_high != span.trace_high || reference.trace_low != span.trace_low) continue;
    if (reference.kind == Reference::Kind::kChildOf) return reference.span_id;
    if (followed == nullptr && reference.kind == Reference::Kind::kFollowsFrom) {
      followed = &reference;
    }
  }
  return followed == nullptr ? 0 : followed->span_id;
}

bool write_links(Output& out, const Span& span, uint64_t parent, Pace& pace) {
  for (const Reference& reference : span.references.items()) {
    pace.step(32);
    const bool is_child = reference.kind == Reference::Kind::kChildOf;
    if (is_child && reference.span_id == parent) continue;
    if (!out.need(16)) return false;
    const Output::Mark link = out.open(kLinksOfSpan, size_t{1});
    if (!span_output::write_trace_id(out, 1, reference.trace_high, reference.trace_low) ||
        !span_output::write_span_id(out, 2, reference.span_id) ||
        !write_string_attribute(out, kAttributesOfLink, "opentracing.ref_type",
                                is_child ? "child_of" : "follows_from") ||
        !out.close(link)) {
      return false;
    }
  }
  return true;
}

bool write_event(Output& out, Span& span, const Log& log, Pace& pace) {
  if (!out.need(16)) return false;
  const Output::Mark event = out.open(kEventsOfSpan, size_t{2});
  if (log.time_ns != 0 && !write_fixed64(out, 1, log.time_ns)) return false;
  const std::span<Tag> fields =
      sort_tags(std::span(span.log_fields.items())
                    .subspan(log.fields_begin, log.fields_end - log.fields_begin),
                pace);
  if (const Tag* name = take(fields, "event")) {
    const TagText text(*name);
    if (!text.view().empty() && !write_text(out, 2, text.view())) return false;
  }
  return write_tags(out, kAttributesOfEvent, fields) && out.close(event);
}

bool write_status(Output& out, const SpanStatus& status) {
  if (status.code == 0 && status.message.view().empty()) return true;
  if (!out.need(16)) return false;
  const Output::Mark mark = out.open(kStatusOfSpan, size_t{1});
  return (status.message.view().empty() || write_text(out, 2, status.message.view())) &&
         (status.code == 0 || write_varint(out, 3, status.code)) && out.close(mark);
}

bool write_trace_state(Output& out, std::span<Tag> tags) {
  const Tag* tag = take(tags, "w3c.tracestate");
  if (tag == nullptr) return true;
  const TagText text(*tag);
  return text.view().empty() || write_text(out, 3, text.view());
}

// The name of an attribute of the resource, which is not always that of its tag.
std::string_view resource_key(std::span<Tag> tags, const Tag& tag) {
  if (tag.key == "hostname" && find(tags, "host.name") == nullptr) return "host.name";
  return tag.key;
}

}  // namespace

Scope take_scope(Span& span) {
  Scope scope;
  if (const auto name = remove_tag(span.tags.items(), "otel.scope.name")) {
    scope.name = *name;
    scope.version = remove_tag(span.tags.items(), "otel.scope.version").value_or("");
  }
  return scope;
}

bool write_resource(Process& process, Model model, Output& out, Pace& pace) {
  if (model == Model::kProtobuf && process.service_name == kNoServiceName) return true;
  if (process.service_name.empty() && process.tags.items().empty()) return true;
  const std::span<Tag> tags = sort_tags(process.tags.items(), pace);
  process.tags.items().resize(tags.size());  // it may be written again
  if (!out.need(16)) return false;
  const Output::Mark resource = out.open(kResourceOfResourceSpans, size_t{1});
  if (!process.service_name.empty() && find(tags, "service.name") == nullptr &&
      !write_string_attribute(out, kAttributesOfResource, "service.name", process.service_name)) {
    return false;
  }
  const bool has_exporter = find(tags, "opencensus.exporterversion") != nullptr;
  for (const Tag& tag : tags) {
    if (tag.key == "jaeger.version" && !has_exporter) {
      const std::string version = std::string(kVersionPrefix).append(TagText(tag).view());
      if (!write_string_attribute(out, kAttributesOfResource, "opencensus.exporterversion",
                                  version)) {
        return false;
      }
    } else if (!write_tag(out, kAttributesOfResource, resource_key(tags, tag), tag)) {
      return false;
    }
  }
  return out.close(resource);
}

bool write_scope(const Scope& scope, Output& out) {
  if (scope.name.empty() && scope.version.empty()) return true;
  if (!out.need(16)) return false;
  const Output::Mark mark = out.open(kScopeOfScopeSpans, size_t{1});
  return (scope.name.empty() || write_text(out, 1, scope.name)) &&
         (scope.version.empty() || write_text(out, 2, scope.version)) && out.close(mark);
}

bool write_span(Span& span, Model model, Output& out, Pace& pace) {
  const std::span<Tag> tags = sort_tags(span.tags.items(), pace);
  const uint64_t parent = parent_of(span);
  const Tag* kind_tag = take(tags, "span.kind");
  const SpanKind kind = kind_tag == nullptr ? SpanKind::kUnspecified : kind_of(*kind_tag);
  const SpanStatus status(tags, kind);
  if (!out.need(16)) return false;
  const Output::Mark begin = out.open(kSpansOfScopeSpans, size_t{2});
  if (!span_output::write_trace_id(out, 1, span.trace_high, span.trace_low) ||
      !span_output::write_span_id(out, 2, span.id) ||
      (model == Model::kProtobuf && !write_trace_state(out, tags)) ||
      !span_output::write_span_id(out, 4, parent) ||
      (!span.name.empty() && !write_text(out, 5, span.name)) ||
      (kind != SpanKind::kUnspecified && !write_varint(out, 6, static_cast<uint64_t>(kind))) ||
      (span.start_ns != 0 && !write_fixed64(out, 7, span.start_ns)) ||
      (span.end_ns != 0 && !write_fixed64(out, 8, span.end_ns)) ||
      !write_tags(out, kAttributesOfSpan, tags)) {
    return false;
  }
  for (const Log& log : span.logs.items()) {
    pace.step(32);
    if (!write_event(out, span, log, pace)) return false;
  }
  if (!write_links(out, span, parent, pace) || !write_status(out, status)) return false;
  if ((span.flags & kFlagSampled) != 0) {
    if (!out.need(16)) return false;
    out.tag(kFlagsOfSpan, wire::WireType::kI32);
    out.fixed(kFlagSampled);
  }
  return out.close(begin);
}

}  // namespace millrace::receivers::jaeger
