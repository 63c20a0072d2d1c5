#include "metric_streams/point_walk.h"

#include <utility>

#include "otlp/level_writer.h"
#include "ottl/walked_metrics.h"

namespace millrace::metric_streams {
namespace {

using item_identity::Identity;
using item_identity::IdentityMaker;
using otlp::Level;
using otlp::MessageBytes;
using wire::WireType;

constexpr size_t kPointUnits = 100;   // of a Pace
constexpr uint32_t kOwnMessage = 1;   // ResourceMetrics.resource, ScopeMetrics.scope
constexpr uint32_t kSchemaUrl = 3;    // of ResourceMetrics
constexpr uint32_t kTemporality = 2;  // Sum.aggregation_temporality, …
constexpr otlp::FieldSet kMetricData = otlp::field_bit(5) | otlp::field_bit(7) |
                                       otlp::field_bit(9) | otlp::field_bit(10) |
                                       otlp::field_bit(11);
constexpr uint64_t kMetricName = IdentityMaker::kFirstOwnKind;
constexpr uint64_t kMetricUnit = kMetricName + 1;

std::string_view schema_url_of(MessageBytes resource_metrics) {
  std::string_view url;
  wire::FieldReader fields(resource_metrics);
  for (wire::Field field; fields.next(&field);) {
    if (field.is(kSchemaUrl, WireType::kLen)) url = as_text(field.bytes);
  }
  return url;
}

class PointWalk {
 public:
  PointWalk(const Rope& request, Identity seed, PointEditor& editor, Work& work,
            std::string_view what)
      : work_(work), identities_(seed, work.pace), editor_(editor), levels_(request, work, what) {}

  Result<EditedPoints> run() {
    Level level;
    while (levels_.next_resource_x(&level)) {
      if (walk_resource(level)) {
        levels_.close(level);
      } else {
        levels_.remove_resource_x();
      }
    }
    auto request = levels_.finish();
    if (!request) return fail(std::move(request.error()));
    return EditedPoints{std::move(*request), removed_count_};
  }

 private:
  // Each walk returns whether the message stays.

  template <class WalkInside>
  bool walk_children(Level& level, uint32_t number, const WalkInside& walk_inside) {
    level.children = otlp::field_bit(number);
    wire::FieldReader fields(level.content.view());
    for (wire::Field field; !levels_.stopped() && fields.next(&field);) {
      work_.pace.step(otlp::kFieldUnits);
      if (!field.is(number, WireType::kLen)) continue;
      Level inside = levels_.inside(level, field);
      if (walk_inside(inside)) {
        levels_.close(inside);
        levels_.keep_child(level, field.whole);
      } else {
        levels_.remove_child(level, field.whole);
      }
    }
    return level.has_kept_child;
  }

  bool walk_resource(Level& level) {
    place_.resource = levels_.merged(level.content, kOwnMessage);
    if (levels_.stopped()) return true;
    place_.resource_metrics = level.content;
    place_.resource_schema_url = schema_url_of(level.content.view());
    place_.resource_identity = identities_.of_resource(place_.resource.view());
    return walk_children(level, otlp::kResourceScopes,
                         [&](Level& scope) { return walk_scope(scope); });
  }

  bool walk_scope(Level& level) {
    place_.scope = otlp::ScopeView::read(
        level.content, {.pace = &work_.pace, .merged_bytes_max = level.content.size()});
    place_.scope_identity = place_.resource_identity;
    place_.scope_identity.append(identities_.of_scope(place_.scope));
    return walk_children(level, otlp::kScopeItems,
                         [&](Level& metric) { return walk_metric(metric); });
  }

  bool walk_metric(Level& level) {
    const otlp::MetricType type = ottl::unify_data(level, levels_, work_);
    if (levels_.stopped()) return true;
    place_.metric = otlp::MetricView::read(level.content, {.pace = &work_.pace});
    const otlp::MetricView& metric = place_.metric;
    if (!editor_.wants(metric)) return true;
    point_ = {.type = type,
              .is_monotonic = metric.is_monotonic,
              .stream = {},
              .bytes = {},
              .place = &place_};
    Identity& identity = place_.metric_identity;
    identity = place_.scope_identity;
    identity.append(identities_.of_text(metric.name, kMetricName));
    identity.append(identities_.of_text(metric.unit, kMetricUnit));
    identity.append(static_cast<uint64_t>(type) << 1 | (metric.is_monotonic ? 1 : 0));
    level.children = kMetricData;
    bool stays = false;
    wire::FieldReader fields(level.content.view());
    for (wire::Field field; !levels_.stopped() && fields.next(&field);) {
      if (!field.is(static_cast<uint32_t>(type), WireType::kLen)) continue;
      Level data = levels_.inside(level, field);
      stays = walk_points(data);
      if (stays) levels_.close(data);
    }
    return stays;
  }

  bool walk_points(Level& data) {
    // The temporality is removed as a point is, so that a metric of which nothing stays is not
    // opened; a new one stands behind the points.
    const std::optional<int32_t> temporality = editor_.new_temporality();
    data.children = otlp::field_bit(otlp::kDataPoints);
    data.scalars = temporality ? otlp::field_bit(kTemporality) : 0;
    wire::FieldReader fields(data.content.view());
    for (wire::Field field; !levels_.stopped() && fields.next(&field);) {
      work_.pace.step(otlp::kFieldUnits);
      if (temporality && field.is(kTemporality, WireType::kVarint)) {
        levels_.remove_child(data, field.whole);
      }
      if (field.is(otlp::kDataPoints, WireType::kLen)) walk_point(data, field);
    }
    if (!data.has_kept_child || !temporality || levels_.stopped()) return data.has_kept_child;
    levels_.keep_rest(data);
    writer_.truncate(0);
    writer_.varint_field(kTemporality, static_cast<uint64_t>(*temporality));
    levels_.out().write(writer_.view());
    return true;
  }

  void walk_point(Level& data, const wire::Field& field) {
    work_.pace.step(kPointUnits);
    point_.bytes = field.bytes;
    point_.stream = place_.metric_identity;
    point_.stream.append(
        identities_.of_attributes(field.bytes, otlp::point_attributes(point_.type)));
    writer_.truncate(0);
    switch (editor_.visit(point_, writer_)) {
      case PointFate::kKeep:
        levels_.keep_child(data, field.whole);
        return;
      case PointFate::kRemove:
        ++removed_count_;
        levels_.remove_child(data, field.whole);
        return;
      case PointFate::kReplace:
        levels_.drop(data, field.whole);
        levels_.out().write_len_prefix(otlp::kDataPoints, writer_.size());
        levels_.out().write(writer_.view());
        data.has_kept_child = true;
        return;
    }
  }

  Work& work_;
  const IdentityMaker identities_;
  PointEditor& editor_;
  otlp::LevelWriter levels_;
  WalkedPlace place_;
  WalkedPoint point_;
  wire::Writer writer_;
  uint32_t removed_count_ = 0;
};

}  // namespace

Result<EditedPoints> edit_points(const Rope& request, Identity seed, PointEditor& editor,
                                 Work& work, std::string_view what) {
  return PointWalk(request, seed, editor, work, what).run();
}

}  // namespace millrace::metric_streams
