#include <algorithm>
#include <deque>
#include <map>
#include <set>

#include "extensions/console/collector_pages.h"
#include "extensions/console/guard.h"
#include "extensions/console/metric_points.h"
#include "extensions/console/run_filter.h"
#include "extensions/console/telemetry_pages.h"

namespace millrace::extensions::console {
namespace {

constexpr size_t kMetricsMax = 2000;
constexpr size_t kSeriesMax = 1000;
constexpr size_t kServicesMax = 16;
constexpr size_t kSparkPointsMax = 60;
constexpr size_t kPointsMax = 300;

struct Described {
  otlp::MetricType type = otlp::MetricType::kNone;
  std::string unit;
  std::string description;
  int32_t temporality = 0;
  bool is_monotonic = false;
};

Described describe(const otlp::MetricView& metric) {
  return {.type = metric.type,
          .unit = shown(metric.unit),
          .description = shown(metric.description),
          .temporality = metric.aggregation_temporality,
          .is_monotonic = metric.is_monotonic};
}

void write_described(JsonWriter& json, const std::string& name, const Described& described) {
  json.member("name", name).member("type", metric_type_name(described.type));
  json.member("unit", described.unit).member("description", described.description);
  json.member("temporality", temporality_name(described.temporality));
  json.flag("is_monotonic", described.is_monotonic);
}

// One metric of the list.
struct Listed {
  Described described;
  std::set<std::string, std::less<>> services;
  std::set<std::string> series;
  bool is_cut = false;
  uint64_t last_at = 0;
  size_t run = 0;             // the newest one that has points
  std::string spark_series;   // the one seen last, in that run
  std::vector<double> spark;  // newest first
};

void note_points(Listed& listed, size_t run, const otlp::MetricView& metric,
                 std::string_view service, ScanTime& time) {
  otlp::MessageReader points(metric.data.view(), otlp::kDataPoints);
  otlp::MessageBytes bytes;
  while (points.next(&bytes) && !time.is_over()) {
    std::string key = std::string(service) + '\0' + series_key(metric.type, bytes);
    const otlp::DataPointView point = otlp::DataPointView::read(metric.type, bytes);
    listed.last_at = std::max(listed.last_at, point.time_unix_nano);
    if (listed.spark.empty()) {
      listed.spark_series = key;
      listed.run = run;
    }
    if (listed.run == run && listed.spark_series == key && listed.spark.size() < kSparkPointsMax) {
      listed.spark.push_back(spark_of(metric.type, point));
    }
    if (listed.series.contains(key)) continue;
    if (listed.series.size() < kSeriesMax) {
      listed.series.insert(std::move(key));
    } else {
      listed.is_cut = true;
    }
  }
}

void write_listed(JsonWriter& json, const recent::Store& store, const std::string& name,
                  const Listed& listed) {
  json.open_object();
  write_described(json, name, listed.described);
  json.key("services").open_list();
  for (const std::string& service : listed.services) json.text(service);
  json.close_list().count("series_count", listed.series.size()).flag("is_cut", listed.is_cut);
  json.nanoseconds("last_at_unix_nano", listed.last_at).key("sparkline").open_list();
  for (auto value = listed.spark.rbegin(); value != listed.spark.rend(); ++value) {
    json.real(std::isfinite(*value) ? *value : 0);
  }
  write_run(json.close_list().key("run"), store, listed.run);
  json.close_object();
}

}  // namespace

transport::PageReply metric_list(const recent::Store& store, const Query& query, ScanTime time) {
  const std::string service = query.text("service");
  const std::string part = query.text("name");
  const RunFilter runs(query);
  std::map<std::string, Listed> found;
  for (const recent::RecordRef& record : store.newest_first(Signal::kMetrics)) {
    if (!runs.matches(store, record->run)) continue;
    for_each_item(*record, [&](const otlp::ResourceView& resource, const otlp::ScopeView& scope,
                               otlp::MessageBytes item) {
      if (time.is_over()) return false;
      const std::string_view own = service_of(resource);
      if (!service.empty() && own != service) return true;
      const otlp::MetricView metric = otlp::MetricView::read(
          scope.bytes.slice(static_cast<size_t>(item.data() - scope.bytes.data()), item.size()));
      if (!part.empty() && !metric.name.contains(part)) return true;
      const std::string name = shown(metric.name);
      if (found.size() >= kMetricsMax && !found.contains(name)) return true;
      Listed& listed = found[name];
      if (listed.series.empty()) listed.described = describe(metric);
      if (listed.services.size() < kServicesMax) listed.services.emplace(shown(own));
      note_points(listed, record->run, metric, own, time);
      return true;
    });
  }
  JsonWriter json;
  json.open_object().key("metrics").open_list();
  for (const auto& [name, listed] : found) {
    if (json.size() > kAnswerBytesMax) break;
    write_listed(json, store, name, listed);
  }
  json.close_list().flag("is_incomplete", time.is_over()).close_object();
  return json_reply(json);
}

namespace {

// One series, with what its views point into.
struct Series {
  std::string service;
  otlp::MetricType type = otlp::MetricType::kNone;
  size_t run = 0;
  struct Point {
    recent::RecordRef record;
    Bytes metric_data;
    otlp::MessageBytes bytes;
  };
  std::deque<Point> points;  // oldest first
};

struct FoundSeries {
  Described described;
  bool is_described = false;
  std::map<std::string, Series> series;
  size_t series_count = 0;
  std::map<std::string, std::set<std::string>> values_of_keys;
};

void note_keys(FoundSeries& found, otlp::MetricType type, otlp::MessageBytes point) {
  constexpr size_t kKeysMax = 200;
  otlp::MessageReader attributes(point, otlp::point_attributes(type));
  otlp::MessageBytes bytes;
  while (attributes.next(&bytes)) {
    const otlp::KeyValueView attribute = otlp::KeyValueView::read(bytes);
    const std::string key = shown(attribute.key);
    if (found.values_of_keys.size() >= kKeysMax && !found.values_of_keys.contains(key)) continue;
    auto& values = found.values_of_keys[key];
    if (values.size() < kSeriesMax) values.emplace(as_text(attribute.value));
  }
}

void write_series(JsonWriter& json, const recent::Store& store, const Series& series) {
  json.open_object().member("service", series.service);
  write_run(json.key("run"), store, series.run);
  write_attributes(json, "attributes", series.points.back().bytes,
                   otlp::point_attributes(series.type));
  json.key("points").open_list();
  for (const Series::Point& point : series.points) {
    if (json.size() > kAnswerBytesMax) break;
    write_point(json, series.type, otlp::DataPointView::read(series.type, point.bytes));
  }
  json.close_list().close_object();
}

void write_cardinality(JsonWriter& json, const FoundSeries& found) {
  std::vector<std::pair<size_t, std::string>> keys;
  for (const auto& [key, values] : found.values_of_keys) keys.emplace_back(values.size(), key);
  std::ranges::sort(keys, std::ranges::greater());
  json.key("cardinality").open_list();
  for (const auto& [count, key] : keys) {
    json.open_object().member("key", key).count("distinct_values", count).close_object();
  }
  json.close_list();
}

}  // namespace

transport::PageReply metric_series(const recent::Store& store, const Query& query, ScanTime time) {
  const std::string name = query.text("metric");
  if (name.empty()) return bad_request({Code::kInvalidArgument, "metric: expected a name"});
  const std::string service = query.text("service");
  const auto filters = read_filters(query.all("attribute"));
  const auto limit = query.number("limit", 50, 1, 200);
  if (!limit) return bad_request(limit.error());
  FoundSeries found;
  const RunFilter runs(query);
  std::set<std::string> others;  // series beyond the limit
  for (const recent::RecordRef& record : store.newest_first(Signal::kMetrics)) {
    if (!runs.matches(store, record->run)) continue;
    for_each_item(*record, [&](const otlp::ResourceView& resource, const otlp::ScopeView& scope,
                               otlp::MessageBytes item) {
      if (time.is_over()) return false;
      const std::string_view own = service_of(resource);
      if (!service.empty() && own != service) return true;
      const otlp::MetricView metric = otlp::MetricView::read(
          scope.bytes.slice(static_cast<size_t>(item.data() - scope.bytes.data()), item.size()));
      if (metric.name != name) return true;
      if (!found.is_described) found.described = describe(metric);
      found.is_described = true;
      otlp::MessageReader points(metric.data.view(), otlp::kDataPoints);
      otlp::MessageBytes bytes;
      while (points.next(&bytes) && !time.is_over()) {
        if (!matches(filters, bytes, otlp::point_attributes(metric.type), resource, scope)) {
          continue;
        }
        note_keys(found, metric.type, bytes);
        // The points of two runs are two series, so that runs can be compared.
        std::string key = std::string(own) + '\0' + series_key(metric.type, bytes) + '\0' +
                          std::to_string(record->run);
        auto at = found.series.find(key);
        if (at == found.series.end()) {
          if (found.series.size() >= *limit) {
            if (others.size() < kSeriesMax) others.insert(std::move(key));
            continue;
          }
          at =
              found.series.emplace(std::move(key), Series{shown(own), metric.type, record->run, {}})
                  .first;
        }
        if (at->second.type != metric.type || at->second.points.size() >= kPointsMax) continue;
        at->second.points.push_front({record, metric.data, bytes});
      }
      return true;
    });
  }
  if (!found.is_described) {
    return error_reply(404, "not_held", "the metric is not among the recent ones");
  }
  JsonWriter json;
  json.open_object();
  write_described(json, shown(name), found.described);
  json.key("series").open_list();
  for (const auto& [key, series] : found.series) {
    if (json.size() > kAnswerBytesMax || series.points.empty()) continue;
    write_series(json, store, series);
  }
  json.close_list().count("series_count", found.series.size() + others.size());
  write_cardinality(json, found);
  json.flag("is_incomplete", time.is_over() || json.size() > kAnswerBytesMax).close_object();
  return json_reply(json);
}

}  // namespace millrace::extensions::console
