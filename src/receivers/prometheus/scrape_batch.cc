#include "receivers/prometheus/scrape_batch.h"

#include <algorithm>
#include <cstring>
#include <numeric>

#include "base/check.h"
#include "otlp/request_layout.h"
#include "receivers/prometheus/metric_names.h"
#include "wire/protobuf.h"
#include "wire/writer.h"

namespace millrace::receivers::prometheus {
namespace {

using wire::len_field_size;

constexpr uint32_t kMetricsField = otlp::kItemField;
// A node of a map and what an entry of a table costs beside its texts.
constexpr size_t kTableBytes = 256;
constexpr size_t kHeadBytes = 256;

uint64_t mix(uint64_t hash, std::string_view text) {
  constexpr uint64_t kOdd = 0x9e3779b97f4a7c15;
  return (hash ^ std::hash<std::string_view>()(text)) * kOdd + (hash >> 29);
}

uint32_t data_field(PointKind kind) {
  switch (kind) {
    case PointKind::kGauge:
      return 5;
    case PointKind::kSum:
      return 7;
    case PointKind::kHistogram:
      return 9;
    case PointKind::kExponentialHistogram:
      return 10;
    case PointKind::kSummary:
      return 11;
  }
  return 5;
}

// The fields behind the points: that they are cumulative, and whether monotonic.
std::string_view data_end(const MetricKey& key) {
  using namespace std::string_view_literals;
  switch (key.kind) {
    case PointKind::kSum:
      return key.is_monotonic ? "\x10\x02\x18\x01"sv : "\x10\x02"sv;
    case PointKind::kHistogram:
    case PointKind::kExponentialHistogram:
      return "\x10\x02"sv;
    case PointKind::kGauge:
    case PointKind::kSummary:
      break;
  }
  return {};
}

void write_attribute(wire::Writer& writer, uint32_t number, std::string_view name,
                     std::string_view value) {
  const auto entry = writer.open(number);
  writer.string_field(1, name);
  const auto any = writer.open(2);
  writer.string_field(1, value);
  writer.close(any);
  writer.close(entry);
}

}  // namespace

ScrapeBatch::ScrapeBatch(Work& work, size_t bytes_max)
    : work_(work),
      memory_(work.pool.budget()),
      points_(work, bytes_max),
      entries_(work.pool.budget()) {}

Error ScrapeBatch::no_room(size_t bytes) const {
  return no_memory("reading a scrape", bytes, work_.pool.budget());
}

std::optional<uint32_t> ScrapeBatch::resource(const ResourceKey& key) {
  const auto found = resources_.find(key);
  if (found != resources_.end()) return found->second;
  if (!memory_.charge(kTableBytes + 4 * (key.job.size() + key.instance.size()))) return {};
  const auto number = static_cast<uint32_t>(tables_->resources.size());
  tables_->resources.push_back(key);
  resources_.emplace(key, number);
  return number;
}

std::optional<uint32_t> ScrapeBatch::scope(const ScopeKey& key) {
  const auto found = scopes_.find(key);
  if (found != scopes_.end()) return found->second;
  size_t text_size = key.name.size() + key.version.size() + key.schema_url.size();
  for (const auto& [name, value] : key.attributes) text_size += 64 + name.size() + value.size();
  if (!memory_.charge(kTableBytes + 4 * text_size)) return {};
  const auto number = static_cast<uint32_t>(tables_->scopes.size());
  tables_->scopes.push_back(key);
  scopes_.emplace(key, number);
  return number;
}

std::optional<uint32_t> ScrapeBatch::metric(const MetricKey& key) {
  const auto found = metrics_.find(key);
  if (found != metrics_.end()) return found->second;
  if (!memory_.charge(kTableBytes + kHeadBytes + 4 * key.name.size())) return {};
  const auto number = static_cast<uint32_t>(tables_->metrics.size());
  tables_->metrics.push_back(key);
  metrics_.emplace(key, number);
  metric_hashes_.push_back(hash_of(key, {}));
  return number;
}

// Numbers of tables differ between two scrapes: the contents count.
uint64_t ScrapeBatch::hash_of(const MetricKey& key, std::span<const uint8_t> attributes) const {
  const ScopeKey& scope = tables_->scopes[key.scope];
  const ResourceKey& resource = tables_->resources[scope.resource];
  uint64_t hash = static_cast<uint64_t>(key.kind) * 2 + (key.is_monotonic ? 1 : 0);
  for (const std::string_view text :
       {std::string_view(key.name), std::string_view(resource.job),
        std::string_view(resource.instance), std::string_view(scope.name),
        std::string_view(scope.version), std::string_view(scope.schema_url)}) {
    hash = mix(hash, text);
  }
  for (const auto& [name, value] : scope.attributes) hash = mix(mix(hash, name), value);
  return mix(hash, as_text(attributes));
}

Status ScrapeBatch::add(const Point& point) {
  const size_t size = len_field_size(otlp::kPointField, point.bytes.size());
  if (const auto room = points_.make_room(size); room != ChunkBuffer::Room::kOk) {
    if (room == ChunkBuffer::Room::kMemory) return fail(no_room(points_.used() + size));
    return fail(
        Code::kResourceExhausted,
        "the scrape has more than " + std::to_string(points_.bytes_max()) + " bytes of points");
  }
  uint8_t* const begin = points_.data() + points_.used();
  uint8_t* at = wire::write_varint(begin, otlp::len_tag(otlp::kPointField));
  at = wire::write_varint(at, point.bytes.size());
  const auto attributes_offset = static_cast<uint32_t>(at - begin);
  std::memcpy(at, point.bytes.data(), point.bytes.size());
  const Entry entry{.metric = point.metric,
                    .size = static_cast<uint32_t>(size),
                    .offset = points_.used(),
                    .hash = point.is_tracked
                                ? mix(metric_hashes_[point.metric],
                                      as_text(point.bytes.first(point.attributes_size)))
                                : 0,
                    .attributes_offset = attributes_offset,
                    .attributes_size = static_cast<uint32_t>(point.attributes_size),
                    .number = static_cast<uint32_t>(point_count()),
                    .is_tracked = point.is_tracked};
  if (!entries_.push(entry)) return fail(no_room(size));
  points_.note_written(size);
  if (recorder_ != nullptr) {
    recorder_->on_point(tables_->metrics[point.metric].kind, point.samples);
  }
  work_.pace.step(50 + size / 4);
  return {};
}

std::vector<ScrapeBatch::Series> ScrapeBatch::tracked() {
  std::vector<Series> series;
  for (const Entry& entry : entries_.items()) {
    if (!entry.is_tracked) continue;
    series.push_back({.hash = entry.hash,
                      .metric = entry.metric,
                      .attributes = {points_.data() + entry.offset + entry.attributes_offset,
                                     entry.attributes_size}});
    work_.pace.step(20);
  }
  std::ranges::sort(series, [this](const Series& a, const Series& b) {
    work_.pace.step(5);
    return a.hash < b.hash;
  });
  return series;
}

// By resource, scope and metric; equal ones stay in the order in which they came.
void ScrapeBatch::sort() {
  const auto is_before = [this](const Entry& a, const Entry& b) {
    work_.pace.step(8);
    if (a.metric == b.metric) return a.offset < b.offset;
    const auto order = [this](const Entry& entry) {
      return std::tuple(resource_of(entry), scope_of(entry), entry.metric);
    };
    return order(a) < order(b);
  };
  // Mostly the order in which they came.
  if (std::ranges::is_sorted(entries_.items(), is_before)) return;
  std::ranges::sort(entries_.items(), is_before);
}

ScrapeBatch::Heads ScrapeBatch::write_heads(const Describe& describe) const {
  Heads heads;
  wire::Writer writer;
  const auto take = [&] {
    std::string text = writer.to_string();
    writer.truncate(0);
    return text;
  };
  for (uint32_t i = 0; i < tables_->resources.size(); ++i) {
    const auto message = writer.open(1, 200);
    for (const auto& [name, value] : describe.resource(i)) write_attribute(writer, 1, name, value);
    writer.close(message);
    heads.resources.push_back(take());
  }
  for (const ScopeKey& scope : tables_->scopes) {
    const LabelList more = describe.scope(scope);
    const bool is_default = scope.name.empty() && scope.version.empty() &&
                            scope.schema_url.empty() && scope.attributes.empty();
    const auto message = writer.open(1, 100);
    const std::string& name = is_default ? describe.default_scope_name : scope.name;
    const std::string& version = is_default ? describe.default_scope_version : scope.version;
    if (!name.empty()) writer.string_field(1, name);
    if (!version.empty()) writer.string_field(2, version);
    for (const auto& [key, value] : scope.attributes) write_attribute(writer, 3, key, value);
    for (const auto& [key, value] : more) write_attribute(writer, 3, key, value);
    writer.close(message);
    heads.scopes.push_back(take());
    if (!scope.schema_url.empty()) writer.string_field(3, scope.schema_url);
    heads.scope_ends.push_back(take());
  }
  for (const MetricKey& metric : tables_->metrics) {
    const MetricText text = describe.metric(metric);
    const bool is_sum = metric.kind == PointKind::kSum;
    writer.string_field(
        1, describe.trims_suffixes ? trim_suffixes(metric.name, is_sum, text.unit) : metric.name);
    if (!text.help.empty()) writer.string_field(2, text.help);
    if (!text.unit.empty()) writer.string_field(3, ucum_of(text.unit));
    write_attribute(writer, 12, "prometheus.type", metric_type_name(metric.type));
    heads.metrics.push_back(take());
    work_.pace.step(200 + text.help.size());
  }
  return heads;
}

namespace {

template <class Entries, class Same>
size_t end_of_run(const Entries& entries, size_t begin, Same same) {
  size_t end = begin + 1;
  while (end < entries.size() && same(entries[begin], entries[end])) ++end;
  return end;
}

}  // namespace

// Of the Metric with these points, which belong to it.
size_t ScrapeBatch::metric_size(std::span<const Entry> points, const Heads& heads) const {
  const MetricKey& key = tables_->metrics[points.front().metric];
  size_t data = data_end(key).size();
  for (const Entry& point : points) data += point.size;
  return heads.metrics[points.front().metric].size() + len_field_size(data_field(key.kind), data);
}

size_t ScrapeBatch::scope_size(std::span<const Entry> points, const Heads& heads) const {
  const uint32_t scope = scope_of(points.front());
  size_t size = heads.scopes[scope].size() + heads.scope_ends[scope].size();
  for (size_t at = 0; at < points.size();) {
    const size_t end =
        end_of_run(points, at, [](const Entry& a, const Entry& b) { return a.metric == b.metric; });
    size += len_field_size(kMetricsField, metric_size(points.subspan(at, end - at), heads));
    at = end;
  }
  return size;
}

// `offset`: of the point in its request.
void ScrapeBatch::note_placed(const Entry& point, size_t offset) {
  const size_t behind = point.attributes_offset + point.attributes_size;
  recorder_->on_placed(point.number, offset + behind,
                       {points_.data() + point.offset + behind, point.size - behind});
}

// Sizes are known before anything is written, so nothing moves.
Status ScrapeBatch::write_request(std::span<const Entry> entries, const Heads& heads, Bytes* into) {
  const auto same_metric = [](const Entry& a, const Entry& b) { return a.metric == b.metric; };
  const auto same_scope = [this](const Entry& a, const Entry& b) {
    return scope_of(a) == scope_of(b);
  };
  const auto same_resource = [this](const Entry& a, const Entry& b) {
    return resource_of(a) == resource_of(b);
  };
  const auto runs = [](std::span<const Entry> all, auto same, auto visit) {
    for (size_t at = 0; at < all.size();) {
      const size_t end = end_of_run(all, at, same);
      visit(all.subspan(at, end - at));
      at = end;
    }
  };
  const auto resource_size = [&](std::span<const Entry> of) {
    size_t size = heads.resources[resource_of(of.front())].size();
    runs(of, same_scope, [&](std::span<const Entry> scoped) {
      size += len_field_size(otlp::kScopeField, scope_size(scoped, heads));
    });
    return size;
  };
  size_t total = 0;
  runs(entries, same_resource, [&](std::span<const Entry> of) {
    total += len_field_size(otlp::kResourceField, resource_size(of));
  });
  ChunkBuffer out(work_, total);
  if (out.make_room(total) != ChunkBuffer::Room::kOk) return fail(no_room(total));
  uint8_t* at = out.data();
  const auto head = [&](uint32_t number, size_t size) {
    at = wire::write_varint(at, otlp::len_tag(number));
    at = wire::write_varint(at, size);
  };
  const auto text = [&](std::string_view bytes) {
    if (!bytes.empty()) std::memcpy(at, bytes.data(), bytes.size());
    at += bytes.size();
  };
  runs(entries, same_resource, [&](std::span<const Entry> of) {
    head(otlp::kResourceField, resource_size(of));
    text(heads.resources[resource_of(of.front())]);
    runs(of, same_scope, [&](std::span<const Entry> scoped) {
      const uint32_t scope = scope_of(scoped.front());
      head(otlp::kScopeField, scope_size(scoped, heads));
      text(heads.scopes[scope]);
      runs(scoped, same_metric, [&](std::span<const Entry> points) {
        const MetricKey& key = tables_->metrics[points.front().metric];
        head(kMetricsField, metric_size(points, heads));
        text(heads.metrics[points.front().metric]);
        size_t data = data_end(key).size();
        for (const Entry& point : points) data += point.size;
        head(data_field(key.kind), data);
        for (const Entry& point : points) {
          if (recorder_ != nullptr) note_placed(point, static_cast<size_t>(at - out.data()));
          text({reinterpret_cast<const char*>(points_.data()) + point.offset, point.size});
          work_.pace.step(20 + point.size / 8);
        }
        text(data_end(key));
      });
      text(heads.scope_ends[scope]);
    });
  });
  MILLRACE_CHECK(static_cast<size_t>(at - out.data()) == total);
  out.note_written(total);
  if (recorder_ != nullptr) recorder_->on_request({out.data(), total});
  *into = out.finish();
  return {};
}

Status ScrapeBatch::finish(const Describe& describe,
                           const std::function<void(Request)>& on_request) {
  sort();
  const Heads heads = write_heads(describe);
  const std::span<const Entry> all = entries_.items();
  for (size_t at = 0; at < all.size();) {
    size_t end = at;
    for (size_t size = 0; end < all.size() && (end == at || size + all[end].size <= kRequestBytes);
         ++end) {
      size += all[end].size;
    }
    Request request{.bytes = {}, .point_count = static_cast<uint32_t>(end - at)};
    if (Status made = write_request(all.subspan(at, end - at), heads, &request.bytes); !made) {
      return made;
    }
    on_request(std::move(request));
    at = end;
  }
  return {};
}

}  // namespace millrace::receivers::prometheus
