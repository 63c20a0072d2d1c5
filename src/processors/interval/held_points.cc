#include "processors/interval/held_points.h"

#include "wire/writer.h"

namespace millrace::processors::interval {
namespace {

using metric_streams::WalkedPlace;
using otlp::MessageBytes;

// Fields of ResourceMetrics and ScopeMetrics.
constexpr uint32_t kOwnMessage = 1;
constexpr uint32_t kSchemaUrl = 3;
constexpr uint32_t kPointTime = 3;  // time_unix_nano, of points of all types

uint64_t time_of(MessageBytes point) {
  uint64_t time = 0;
  wire::FieldReader fields(point);
  for (wire::Field field; fields.next(&field);) {
    if (field.is(kPointTime, wire::WireType::kI64)) time = field.value;
  }
  return time;
}

std::string own_fields(MessageBytes own_message, std::string_view schema_url) {
  wire::Writer writer(own_message.size() + schema_url.size() + 16);
  writer.bytes_field(kOwnMessage, own_message);
  if (!schema_url.empty()) writer.string_field(kSchemaUrl, schema_url);
  return writer.to_string();
}

// The fields of a message whose number `is_left_out` does not name.
template <class IsLeftOut>
std::string other_fields(MessageBytes message, const IsLeftOut& is_left_out) {
  std::string others;
  wire::FieldReader fields(message);
  for (wire::Field field; fields.next(&field);) {
    if (!is_left_out(field.number)) others += as_text(field.whole);
  }
  return others;
}

bool is_data(uint32_t field_number) {
  using otlp::MetricType;
  switch (static_cast<MetricType>(field_number)) {
    case MetricType::kGauge:
    case MetricType::kSum:
    case MetricType::kHistogram:
    case MetricType::kExponentialHistogram:
    case MetricType::kSummary:
      return true;
    default:
      return false;
  }
}

// The element with that identity; a new one at the end, which `make` makes.
template <class Index, class Elements, class Make>
auto& find_or_add(item_identity::Identity identity, Index& index, Elements& elements,
                  const Make& make) {
  const auto [at, is_new] = index.try_emplace(identity, elements.size());
  if (is_new) elements.push_back(make());
  return elements[at->second];
}

}  // namespace

HeldPoints::Metric& HeldPoints::metric_of(const WalkedPlace& place) {
  Resource& resource = find_or_add(place.resource_identity, by_identity_, resources_, [&] {
    Resource made;
    made.fields = own_fields(place.resource.view(), place.resource_schema_url);
    room_.use(made.fields.size() + kOverheadBytes);
    return made;
  });
  Scope& scope = find_or_add(place.scope_identity, resource.by_identity, resource.scopes, [&] {
    Scope made;
    made.fields = own_fields(place.scope.scope.view(), place.scope.schema_url);
    room_.use(made.fields.size() + kOverheadBytes);
    return made;
  });
  return find_or_add(place.metric_identity, scope.by_identity, scope.metrics, [&] {
    Metric made;
    made.type = static_cast<uint32_t>(place.metric.type);
    made.fields = other_fields(place.metric.bytes.view(), is_data);
    made.data = other_fields(place.metric.data.view(),
                             [](uint32_t number) { return number == otlp::kDataPoints; });
    room_.use(made.fields.size() + made.data.size() + kOverheadBytes);
    return made;
  });
}

bool HeldPoints::add(const WalkedPlace& place, item_identity::Identity stream, MessageBytes point) {
  Metric& metric = metric_of(place);
  const uint64_t time = time_of(point);
  const auto [at, is_new] = metric.by_stream.try_emplace(stream, metric.points.size());
  if (is_new) {
    metric.points.push_back({.bytes = std::string(as_text(point)), .time = time});
    room_.use(point.size() + kOverheadBytes);
    return true;
  }
  Point& kept = metric.points[at->second];
  if (time <= kept.time) return false;
  room_.use(point.size());
  room_.release(kept.bytes.size());
  kept = {.bytes = std::string(as_text(point)), .time = time};
  return false;
}

size_t HeldPoints::item_count() const {
  size_t count = 0;
  for (const Resource& resource : resources_) {
    for (const Scope& scope : resource.scopes) {
      for (const Metric& metric : scope.metrics) count += metric.points.size();
    }
  }
  return count;
}

// One request. Each function writes the rest of a message from the cursor on and, at its end, moves
// the cursor behind it.
class HeldPoints::Writing {
 public:
  Writing(size_t points_max, size_t bytes_max, Cursor& cursor, otlp::RopeWriter& out)
      : points_max_(points_max), bytes_max_(bytes_max), cursor_(cursor), out_(out) {}

  void write(const std::vector<Resource>& resources) {
    while (cursor_.resource < resources.size() && !is_full()) {
      const Resource& resource = resources[cursor_.resource];
      const auto message = out_.open(1, 1024);
      out_.write(as_span(resource.fields));
      while (cursor_.scope < resource.scopes.size() && !is_full()) {
        write_scope(resource.scopes[cursor_.scope]);
      }
      out_.close(message);
      if (cursor_.scope == resource.scopes.size()) {
        cursor_.scope = 0;
        ++cursor_.resource;
      }
    }
  }
  uint32_t count() const { return count_; }

 private:
  void write_scope(const Scope& scope) {
    const auto message = out_.open(otlp::kResourceScopes, 1024);
    out_.write(as_span(scope.fields));
    while (cursor_.metric < scope.metrics.size() && !is_full()) {
      write_metric(scope.metrics[cursor_.metric]);
    }
    out_.close(message);
    if (cursor_.metric == scope.metrics.size()) {
      cursor_.metric = 0;
      ++cursor_.scope;
    }
  }

  void write_metric(const Metric& metric) {
    const auto message = out_.open(otlp::kScopeItems, 256);
    out_.write(as_span(metric.fields));
    const auto data = out_.open(metric.type, 256);
    for (; cursor_.point < metric.points.size() && !is_full(); ++cursor_.point) {
      const std::string& point = metric.points[cursor_.point].bytes;
      out_.write_len_prefix(otlp::kDataPoints, point.size());
      out_.write(as_span(point));
      ++count_;
    }
    out_.write(as_span(metric.data));
    out_.close(data);
    out_.close(message);
    if (cursor_.point == metric.points.size()) {
      cursor_.point = 0;
      ++cursor_.metric;
    }
  }

  bool is_full() const {
    return count_ >= points_max_ || out_.size() >= bytes_max_ || out_.failed();
  }

  const size_t points_max_;
  const size_t bytes_max_;
  Cursor& cursor_;
  otlp::RopeWriter& out_;
  uint32_t count_ = 0;
};

uint32_t HeldPoints::write_some(size_t points_max, size_t bytes_max, Cursor& cursor,
                                otlp::RopeWriter& out) const {
  Writing writing(points_max, bytes_max, cursor, out);
  writing.write(resources_);
  return writing.count();
}

}  // namespace millrace::processors::interval
