#include "connectors/servicegraph/graph_series.h"

#include <algorithm>
#include <utility>

#include "metric_streams/point_walk.h"
#include "otlp/attribute_list.h"
#include "wire/writer.h"

namespace millrace::connectors::servicegraph {
namespace {

using item_identity::Identity;
using item_identity::IdentityMaker;
using metric_streams::PointValues;

constexpr Duration kSilentMax = 15min;  // as in otelcol
// Copied at once, so that no lock is held while they are written.
constexpr size_t kSeriesAtOnce = 128;
constexpr size_t kBytesAtOnce = 1 << 20;
constexpr uint64_t kNames = IdentityMaker::kFirstOwnKind;
constexpr uint64_t kDimension = kNames + 1;
constexpr std::string_view kScopeName = "traces_service_graph";
constexpr std::string_view kTypeNames[] = {"", "messaging_system", "database", "virtual_node"};
constexpr std::string_view kVirtualNodeNames[] = {"", "client", "server"};
// Field numbers of Metric, Sum and data points.
constexpr uint32_t kName = 1;
constexpr uint32_t kUnit = 3;
constexpr uint32_t kSum = 7;
constexpr uint32_t kHistogram = 9;
constexpr uint32_t kExponential = 10;
constexpr uint32_t kTemporality = 2;
constexpr uint32_t kIsMonotonic = 3;

void append_dimensions(const std::vector<std::optional<std::string>>& values,
                       const IdentityMaker& maker, Identity& into) {
  for (size_t i = 0; i < values.size(); ++i) {
    if (values[i]) into.append(maker.of_text(*values[i], kDimension + i));
    into.append(values[i].has_value() ? 1 : 0);
  }
}

Identity identity_of(const Edge& edge, const IdentityMaker& maker) {
  Identity identity = maker.of_text(edge.client, kNames);
  identity.append(maker.of_text(edge.server, kNames));
  identity.append(static_cast<uint64_t>(edge.type) << 8 |
                  static_cast<uint64_t>(edge.virtual_node) << 4 | (edge.has_failed ? 1 : 0));
  append_dimensions(edge.client_dimensions, maker, identity);
  append_dimensions(edge.server_dimensions, maker, identity);
  return identity;
}

void write_attribute(std::string_view key, std::string_view any_value, uint32_t field,
                     wire::Writer& into) {
  const auto entry = into.open(field, key.size() + any_value.size() + 8);
  into.string_field(1, key);
  into.bytes_field(2, as_span(any_value));
  into.close(entry);
}

}  // namespace

size_t GraphSeries::Series::bytes() const {
  return attributes.capacity() + bytes_of(client) + bytes_of(server);
}

GraphSeries::GraphSeries(const Options& options, Budget& budget, size_t bytes_max)
    : options_(options),
      table_(budget, {.streams_max = SIZE_MAX, .bytes_max = bytes_max, .max_stale = kSilentMax}) {}

std::string GraphSeries::attributes_of(const Edge& edge) const {
  wire::Writer writer(256);
  const auto write_text = [&](std::string_view key, std::string_view text) {
    write_attribute(key, otlp::encode_string_value(text), kAttributes, writer);
  };
  write_text("client", edge.client);
  write_text("server", edge.server);
  write_text("connection_type", kTypeNames[static_cast<size_t>(edge.type)]);
  write_attribute("failed", otlp::encode_bool_value(edge.has_failed), kAttributes, writer);
  for (size_t i = 0; i < options_.dimensions.size(); ++i) {
    const std::string& name = options_.dimensions[i];
    if (i < edge.client_dimensions.size() && edge.client_dimensions[i]) {
      write_text("client_" + name, *edge.client_dimensions[i]);
    }
    if (i < edge.server_dimensions.size() && edge.server_dimensions[i]) {
      write_text("server_" + name, *edge.server_dimensions[i]);
    }
  }
  if (options_.has_virtual_node_label) {
    write_text("virtual_node", kVirtualNodeNames[static_cast<size_t>(edge.virtual_node)]);
  }
  return writer.to_string();
}

bool GraphSeries::count(const Edge& edge, const IdentityMaker& maker, MonotonicTime now,
                        uint64_t now_unix_nano) {
  const std::string attributes = attributes_of(edge);
  const metric_streams::DistributionShape shape = options_.shape();
  const size_t growth = attributes.size() + 2 * metric_streams::distribution_bytes_max(shape);
  const bool has_room =
      table_.use(identity_of(edge, maker), now, growth, [&](Series& series, bool is_new) {
        if (is_new) {
          series.attributes = attributes;
          series.start = now_unix_nano;
          series.has_failed = edge.has_failed;
          series.client = metric_streams::make_distribution(shape);
          series.server = metric_streams::make_distribution(shape);
        }
        ++series.count;
        observe(edge.client_seconds, 1, shape, series.client);
        observe(edge.server_seconds, 1, shape, series.server);
      });
  if (has_room) has_news_.store(true, std::memory_order_relaxed);
  return has_room;
}

// One request.
class GraphSeries::Writing {
 public:
  Writing(const Options& options, uint64_t now, const std::vector<Series>& series,
          otlp::RopeWriter& out)
      : shape_(options.shape()),
        time_(now - static_cast<uint64_t>(options.timestamp_offset.count())),
        series_(series),
        out_(out) {}

  uint32_t write() {
    const auto resource_metrics = out_.open(1, 4096);
    const auto scope_metrics = out_.open(otlp::kResourceScopes, 4096);
    const auto scope = out_.open(1, kScopeName.size());
    write_text(kName, kScopeName);
    out_.close(scope);
    write_counts("traces_service_graph_request_total", false);
    write_counts("traces_service_graph_request_failed_total", true);
    write_durations("traces_service_graph_request_server", &Series::server);
    write_durations("traces_service_graph_request_client", &Series::client);
    out_.close(scope_metrics);
    out_.close(resource_metrics);
    return point_count_;
  }

 private:
  void write_text(uint32_t field, std::string_view text) {
    out_.write_len_prefix(field, text.size());
    out_.write(as_span(text));
  }

  void write_counts(std::string_view name, bool of_failed) {
    if (of_failed && std::ranges::none_of(series_, &Series::has_failed)) return;
    const auto metric = out_.open(otlp::kScopeItems, 1024);
    write_text(kName, name);
    const auto sum = out_.open(kSum, 1024);
    for (const Series& series : series_) {
      if (of_failed && !series.has_failed) continue;
      begin_point(series, 7);
      metric_streams::write_values(metric_streams::NumberValues{static_cast<int64_t>(series.count)},
                                   writer_);
      end_point();
    }
    writer_.truncate(0);
    writer_.varint_field(kTemporality, static_cast<uint64_t>(metric_streams::kCumulative));
    writer_.varint_field(kIsMonotonic, 1);
    out_.write(writer_.view());
    out_.close(sum);
    out_.close(metric);
  }

  void write_durations(std::string_view name, PointValues Series::* durations) {
    const auto metric = out_.open(otlp::kScopeItems, 1024);
    write_text(kName, name);
    write_text(kUnit, "s");
    const auto data = out_.open(shape_.is_exponential ? kExponential : kHistogram, 1024);
    for (const Series& series : series_) {
      begin_point(series, shape_.is_exponential ? 1 : 9);
      metric_streams::write_distribution(series.*durations, shape_, writer_);
      end_point();
    }
    writer_.truncate(0);
    writer_.varint_field(kTemporality, static_cast<uint64_t>(metric_streams::kCumulative));
    out_.write(writer_.view());
    out_.close(data);
    out_.close(metric);
  }

  void begin_point(const Series& series, uint32_t attributes_field) {
    writer_.truncate(0);
    otlp::MessageReader attributes(as_span(series.attributes), kAttributes);
    for (otlp::MessageBytes attribute; attributes.next(&attribute);) {
      writer_.bytes_field(attributes_field, attribute);
    }
    // A start behind the time would be none.
    writer_.fixed64_field(2, std::min(series.start, time_));
    writer_.fixed64_field(3, time_);
  }
  void end_point() {
    out_.write_len_prefix(otlp::kDataPoints, writer_.size());
    out_.write(writer_.view());
    ++point_count_;
  }

  const metric_streams::DistributionShape shape_;
  const uint64_t time_;
  const std::vector<Series>& series_;
  otlp::RopeWriter& out_;
  wire::Writer writer_;
  uint32_t point_count_ = 0;
};

uint32_t GraphSeries::write_some(uint64_t now_unix_nano, Cursor& cursor, otlp::RopeWriter& out) {
  std::vector<Series> copies;
  size_t bytes = 0;
  const auto is_full = [&] { return copies.size() == kSeriesAtOnce || bytes >= kBytesAtOnce; };
  while (!cursor.is_end() && !is_full()) {
    bool is_whole = true;
    table_.visit_shard(cursor.shard, [&](Series& series) {
      if (series.emission == cursor.emission) return;
      if (is_full()) {
        is_whole = false;
        return;
      }
      series.emission = cursor.emission;
      bytes += series.bytes();
      copies.push_back(series);
    });
    if (is_whole) ++cursor.shard;
  }
  if (copies.empty()) return 0;
  return Writing(options_, now_unix_nano, copies, out).write();
}

}  // namespace millrace::connectors::servicegraph
