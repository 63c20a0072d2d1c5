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

// Calls `visit(key, text, attribute)` for each attribute in field `number` of `message`.
template <class Visit>
void each_attribute(MessageBytes message, uint32_t number, const Visit& visit) {
  MessageReader attributes(message, number);
  for (MessageBytes attribute; attributes.next(&attribute);) {
    const KeyValueView view = KeyValueView::read(attribute);
    const AnyValueView value = AnyValueView::read(view.value);
    if (value.type == AnyValueView::Type::kString) {
      visit(view.key, value.text, attribute);
    } else {
      visit(view.key, to_text(value), attribute);
    }
  }
}

}  // namespace

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
    if (into == nullptr) continue;
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
  each_attribute(point, attributes_field,
                 [&](std::string_view key, std::string_view text, MessageBytes) {
                   has_labels = has_labels && builder_.add_attribute(key, text);
                 });
  if (!has_labels) return std::nullopt;
  add_resource(around.resource);
  if (options_.scope_labels) add_scope(around.scope);
  for (const auto& [name, value] : options_.const_labels) builder_.set_default(name, value);
  return finish();
}

void SeriesLabels::add_resource(const ResourceLabels& resource) {
  if (!options_.resource_included.empty()) {
    each_attribute(resource.resource, otlp::kResourceAttributes,
                   [&](std::string_view key, std::string_view text, MessageBytes) {
                     if (is_copied(key))
                       static_cast<void>(builder_.add_resource_attribute(key, text));
                   });
  }
  if (!resource.job.empty()) builder_.set("job", resource.job);
  if (!resource.instance.empty()) builder_.set("instance", resource.instance);
}

void SeriesLabels::add_scope(const otlp::ScopeView& scope) {
  builder_.add_scope(scope.name, scope.version, scope.schema_url);
  each_attribute(scope.scope.view(), otlp::kScopeAttributes,
                 [&](std::string_view key, std::string_view text, MessageBytes) {
                   static_cast<void>(builder_.add_scope_attribute(key, text));
                 });
}

std::string_view SeriesLabels::of_target(const ResourceLabels& resource) {
  builder_.begin(prometheus::MetricKind::kGauge);
  each_attribute(resource.resource, otlp::kResourceAttributes,
                 [&](std::string_view key, std::string_view text, MessageBytes) {
                   const bool is_identity =
                       key == kServiceName || key == kServiceNamespace || key == kServiceInstance;
                   if (!is_identity) static_cast<void>(builder_.add_attribute(key, text));
                 });
  builder_.set("job", resource.job);
  builder_.set("instance", resource.instance);
  return finish();
}

std::string_view SeriesLabels::finish() {
  text_.clear();
  builder_.append_to(text_);
  return text_;
}

}  // namespace millrace::exporters
