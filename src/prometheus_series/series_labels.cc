#include "prometheus_series/series_labels.h"

#include <algorithm>

#include "base/text_pattern.h"

namespace millrace::exporters {
namespace {

using otlp::AnyValueView;
using otlp::KeyValueView;
using otlp::MessageBytes;
using otlp::MessageReader;

constexpr std::string_view kServiceName = "service.name";
constexpr std::string_view kServiceNamespace = "service.namespace";
constexpr std::string_view kServiceInstance = "service.instance.id";

bool matches_any(const std::vector<std::string>& patterns, std::string_view key) {
  return std::ranges::any_of(
      patterns, [&](const std::string& pattern) { return matches_pattern(pattern, key); });
}

}  // namespace

// Calls `visit(key, text)` for each attribute in field `number` of `message` that has a label.
template <class Visit>
void SeriesLabels::each_attribute(MessageBytes message, uint32_t number, const Visit& visit) const {
  const bool leaves_out_empty = options_.rules == LabelRules::kRemoteWrite;
  MessageReader attributes(message, number);
  for (MessageBytes attribute; attributes.next(&attribute);) {
    const KeyValueView view = KeyValueView::read(attribute);
    const AnyValueView value = AnyValueView::read(view.value);
    std::string printed;
    if (value.type != AnyValueView::Type::kString) printed = to_text(value);
    const std::string_view text = value.type == AnyValueView::Type::kString ? value.text : printed;
    if (!leaves_out_empty || !text.empty()) visit(view.key, text);
  }
}

bool SeriesLabels::is_copied(std::string_view key) const {
  return matches_any(options_.resource_included, key) &&
         !matches_any(options_.resource_excluded, key);
}

ResourceLabels SeriesLabels::read_resource(MessageBytes resource, const KeyHasher& hasher) const {
  ResourceLabels labels{.resource = resource};
  std::string service_namespace;
  std::string service_name;
  KeyHash copied;
  MessageReader attributes(resource, otlp::kResourceAttributes);
  for (MessageBytes attribute; attributes.next(&attribute);) {
    const std::string_view key = KeyValueView::read(attribute).key;
    if (!options_.resource_included.empty() && is_copied(key)) copied += hasher.of(attribute);
    std::string* const into = key == kServiceName        ? &service_name
                              : key == kServiceNamespace ? &service_namespace
                              : key == kServiceInstance  ? &labels.instance
                                                         : nullptr;
    if (into == nullptr) {
      labels.has_others = true;
      continue;
    }
    *into = to_text(AnyValueView::read(KeyValueView::read(attribute).value));
  }
  labels.job = prometheus::job_label(service_namespace, service_name);
  labels.key = hasher.joined(hasher.of(labels.job), hasher.of(labels.instance));
  labels.key += copied;
  return labels;
}

KeyHash SeriesLabels::scope_key(const otlp::ScopeView& scope, const KeyHasher& hasher) const {
  if (!options_.scope_labels) return {};
  return hasher.joined(hasher.of(scope.scope.view()), hasher.of(scope.schema_url));
}

std::optional<std::string_view> SeriesLabels::of_point(prometheus::MetricKind kind,
                                                       const Around& around, MessageBytes point,
                                                       uint32_t attributes_field) {
  builder_.begin(kind);
  bool has_labels = true;
  each_attribute(point, attributes_field, [&](std::string_view key, std::string_view text) {
    has_labels = has_labels && builder_.add_attribute(key, text);
  });
  if (!has_labels) return std::nullopt;
  add_resource(around.resource);
  if (options_.scope_labels) add_scope(around.scope);
  add_constant();
  return finish();
}

void SeriesLabels::add_resource(const ResourceLabels& resource) {
  if (!options_.resource_included.empty()) {
    each_attribute(resource.resource, otlp::kResourceAttributes,
                   [&](std::string_view key, std::string_view text) {
                     if (is_copied(key))
                       static_cast<void>(builder_.add_resource_attribute(key, text));
                   });
  }
  add_identity(resource);
}

void SeriesLabels::add_identity(const ResourceLabels& resource) {
  if (!resource.job.empty()) builder_.set("job", resource.job);
  if (!resource.instance.empty()) builder_.set("instance", resource.instance);
}

void SeriesLabels::add_scope(const otlp::ScopeView& scope) {
  if (options_.rules == LabelRules::kPull) {
    builder_.add_scope(scope.name, scope.version, scope.schema_url);
  } else {
    if (!scope.name.empty()) builder_.set("otel_scope_name", scope.name);
    if (!scope.version.empty()) builder_.set("otel_scope_version", scope.version);
  }
  each_attribute(scope.scope.view(), otlp::kScopeAttributes,
                 [&](std::string_view key, std::string_view text) {
                   static_cast<void>(builder_.add_scope_attribute(key, text));
                 });
}

void SeriesLabels::add_constant() {
  for (const auto& [name, value] : options_.const_labels) builder_.set_default(name, value);
}

std::string_view SeriesLabels::of_target(const ResourceLabels& resource) {
  builder_.begin(prometheus::MetricKind::kGauge);
  each_attribute(resource.resource, otlp::kResourceAttributes,
                 [&](std::string_view key, std::string_view text) {
                   const bool is_identity =
                       key == kServiceName || key == kServiceNamespace || key == kServiceInstance;
                   if (!is_identity) static_cast<void>(builder_.add_attribute(key, text));
                 });
  add_identity(resource);
  if (options_.rules == LabelRules::kRemoteWrite) add_constant();
  return finish();
}

std::string_view SeriesLabels::finish() {
  text_.clear();
  builder_.append_to(text_);
  return text_;
}

}  // namespace millrace::exporters
