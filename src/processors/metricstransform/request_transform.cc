#include "processors/metricstransform/request_transform.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "otlp/edit.h"
#include "otlp/level_writer.h"
#include "ottl/walked_metrics.h"
#include "processors/metricstransform/scope_metrics.h"

namespace millrace::processors::metricstransform {
namespace {

using otlp::Level;
using wire::WireType;

constexpr std::string_view kWhat = "transforming metrics";
constexpr size_t kMetricUnits = 100;  // of a Pace
constexpr uint32_t kOwnMessage = 1;   // ResourceMetrics.resource, ScopeMetrics.scope

bool is_child(const wire::Field& field, uint32_t number) {
  return field.is(number, WireType::kLen);
}

std::string_view name_of(otlp::MessageBytes metric) {
  std::string_view name;
  wire::FieldReader fields(metric);
  for (wire::Field field; fields.next(&field);) {
    if (field.is(1, WireType::kLen)) name = field.text();
  }
  return name;
}

class RequestTransform {
 public:
  RequestTransform(const Options& options, const Rope& request, Work& work, Logger& log)
      : work_(work),
        bytes_max_(std::max(otlp::kEditedBytesMax, 2 * request.size())),
        kept_(work, bytes_max_),
        scope_(options, kept_, work, log),
        levels_(request, work, kWhat) {}

  Result<Rope> run() {
    Level level;
    while (levels_.next_resource_x(&level)) {
      walk_resource(level);
      if (kept_.failure()) return fail(*kept_.failure());
      if (level.has_kept_child) {
        levels_.close(level);
      } else {
        levels_.remove_resource_x();
      }
    }
    auto changed = levels_.finish();
    if (!changed || groups_.empty()) return changed;
    otlp::RopeWriter out(work_, bytes_max_, kWhat);
    for (const Group& group : groups_) write_group(group, out);
    auto grouped = out.finish();
    if (!grouped) return fail(std::move(grouped.error()));
    changed->append(std::move(*grouped));
    return changed;
  }

 private:
  bool stopped() const { return levels_.stopped() || kept_.failure(); }

  void walk_resource(Level& level) {
    level.children = otlp::field_bit(otlp::kResourceScopes);
    resource_ = levels_.merged(level.content, kOwnMessage);
    wire::FieldReader fields(level.content.view());
    for (wire::Field field; !stopped() && fields.next(&field);) {
      work_.pace.step(otlp::kFieldUnits);
      if (!is_child(field, otlp::kResourceScopes)) continue;
      Level scope = levels_.inside(level, field);
      walk_scope(scope);
      if (stopped()) return;
      if (scope.has_kept_child) {
        levels_.close(scope);
        levels_.keep_child(level, field.whole);
      } else {
        levels_.remove_child(level, field.whole);
      }
    }
  }

  void walk_scope(Level& level) {
    level.children = otlp::field_bit(otlp::kScopeItems);
    const bool is_wanted = has_wanted_metric(level);
    if (!is_wanted || stopped()) return;
    read_metrics(level);
    const Bytes scope = levels_.merged(level.content, kOwnMessage);
    if (stopped()) return;
    scope_.run({.transform = nullptr, .resource = resource_, .scope = scope, .metrics = {}},
               groups_);
    if (!stopped()) write_metrics(level);
  }

  // Otherwise the scope stays as it is.
  bool has_wanted_metric(Level& level) {
    bool is_wanted = false;
    wire::FieldReader fields(level.content.view());
    for (wire::Field field; fields.next(&field);) {
      work_.pace.step(otlp::kFieldUnits);
      if (!is_child(field, otlp::kScopeItems)) continue;
      work_.pace.step(kMetricUnits);
      is_wanted = is_wanted || scope_.wants(name_of(field.bytes));
      level.has_kept_child = true;
    }
    if (is_wanted) level.has_kept_child = false;
    return is_wanted;
  }

  void read_metrics(Level& level) {
    scope_.clear();
    wire::FieldReader fields(level.content.view());
    for (wire::Field field; !stopped() && fields.next(&field);) {
      if (!is_child(field, otlp::kScopeItems)) continue;
      work_.pace.step(kMetricUnits);
      Level metric = levels_.inside(level, field);
      const otlp::MetricType type = ottl::unify_data(metric, levels_, work_);
      const otlp::MessageBytes bytes = metric.content.view();
      scope_.add({.owner = std::move(metric.content), .bytes = bytes}, type);
    }
  }

  void write_metrics(Level& level) {
    const std::vector<Metric>& metrics = scope_.metrics();
    size_t next = 0;
    wire::FieldReader fields(level.content.view());
    for (wire::Field field; !stopped() && fields.next(&field);) {
      work_.pace.step(otlp::kFieldUnits);
      if (!is_child(field, otlp::kScopeItems)) continue;
      const Metric& metric = metrics[next++];
      switch (metric.state) {
        case Metric::State::kAsReceived:
          levels_.keep_child(level, field.whole);
          break;
        case Metric::State::kRemoved:
          levels_.remove_child(level, field.whole);
          break;
        case Metric::State::kChanged:
          levels_.drop(level, field.whole);
          write_metric(metric.content, levels_.out());
          level.has_kept_child = true;
          break;
      }
    }
    for (; next < metrics.size() && !stopped(); ++next) {
      if (metrics[next].state == Metric::State::kRemoved) continue;
      levels_.keep_rest(level);
      write_metric(metrics[next].content, levels_.out());
      level.has_kept_child = true;
    }
  }

  static void write_metric(const MetricContent& content, otlp::RopeWriter& out) {
    out.write_len_prefix(otlp::kScopeItems, content.bytes.size());
    if (content.owner.chunk()) {
      out.keep(content.owner, content.bytes);
    } else {
      out.write(content.bytes);
    }
  }

  void write_group(const Group& group, otlp::RopeWriter& out) {
    otlp::AttributeList resource(work_);
    resource.reset(group.resource.view(), otlp::kResourceAttributes);
    for (const auto& [key, value] : group.transform->group_resource_labels) {
      resource.set(key, otlp::encode_string_value(value));
    }
    if (resource.failed()) return out.refuse_memory();
    const auto resource_metrics = out.open(1, 1024);
    out.write_len_prefix(kOwnMessage, resource.message_size());
    resource.write_message(group.resource, &out);
    const auto scope_metrics = out.open(otlp::kResourceScopes, 1024);
    out.write_len_prefix(kOwnMessage, group.scope.size());
    out.keep(group.scope, group.scope.view());
    for (const MetricContent& metric : group.metrics) write_metric(metric, out);
    out.close(scope_metrics);
    out.close(resource_metrics);
  }

  Work& work_;
  const size_t bytes_max_;
  KeptMetrics kept_;
  ScopeMetrics scope_;
  otlp::LevelWriter levels_;
  Bytes resource_;
  std::vector<Group> groups_;
};

}  // namespace

Result<Rope> transform_request(const Options& options, const Rope& request, Work& work,
                               Logger& log) {
  return RequestTransform(options, request, work, log).run();
}

}  // namespace millrace::processors::metricstransform
