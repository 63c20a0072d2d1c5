#include "connectors/servicegraph/edge_reader.h"

#include <algorithm>

namespace millrace::connectors::servicegraph {
namespace {

// Span.kind and Status.code.
constexpr int32_t kServer = 2;
constexpr int32_t kClient = 3;
constexpr int32_t kProducer = 4;
constexpr int32_t kConsumer = 5;
constexpr int32_t kError = 2;

std::optional<std::string> text_of(otlp::MessageBytes message, uint32_t number,
                                   std::string_view key) {
  const auto value = otlp::find_attribute(message, number, key);
  if (!value) return std::nullopt;
  return otlp::to_text(*value);
}

// The resource's attributes win, as in otelcol.
std::optional<std::string> attribute_of(const HalfSpan& half, std::string_view key) {
  auto value = text_of(half.resource, otlp::kResourceAttributes, key);
  if (!value) value = text_of(half.span.bytes, otlp::kSpanAttributes, key);
  return value;
}

double seconds_of(const otlp::SpanView& span) {
  if (span.end_time_unix_nano <= span.start_time_unix_nano) return 0;
  return static_cast<double>(span.end_time_unix_nano - span.start_time_unix_nano) / 1e9;
}

void update_dimensions(const Options& options, const HalfSpan& half,
                       std::vector<std::optional<std::string>>& into) {
  into.resize(options.dimensions.size());
  for (size_t i = 0; i < into.size(); ++i) {
    if (auto value = attribute_of(half, options.dimensions[i])) into[i] = std::move(value);
  }
}

void update_client(const Options& options, const HalfSpan& half, Edge& edge) {
  edge.client = half.service;
  edge.client_seconds = seconds_of(half.span);
  update_dimensions(options, half, edge.client_dimensions);
  for (const std::string& key : options.peer_attributes) {
    edge.peer = text_of(half.span.bytes, otlp::kSpanAttributes, key);
    if (edge.peer) break;
  }
  // A call of a database has one span only.
  for (const std::string& key : options.database_attributes) {
    auto name = attribute_of(half, key);
    if (!name) continue;
    edge.type = ConnectionType::kDatabase;
    edge.server = *std::move(name);
    edge.server_seconds = edge.client_seconds;
    return;
  }
}

}  // namespace

bool read_half(otlp::MessageBytes span, HalfSpan& half) {
  half.span = otlp::SpanView::read(span);
  half.is_client = half.span.kind == kClient || half.span.kind == kProducer;
  half.is_messaging = half.span.kind == kProducer || half.span.kind == kConsumer;
  return half.is_client || half.is_messaging || half.span.kind == kServer;
}

void HalfSpan::update(const Options& options, Edge& edge) const {
  edge.type = is_messaging ? ConnectionType::kMessaging : ConnectionType::kUnknown;
  edge.has_failed = edge.has_failed || span.status_code == kError;
  if (is_client) return update_client(options, *this, edge);
  edge.server = service;
  edge.server_seconds = seconds_of(span);
  edge.is_root = std::ranges::all_of(span.parent_span_id, [](uint8_t byte) { return byte == 0; });
  update_dimensions(options, *this, edge.server_dimensions);
}

}  // namespace millrace::connectors::servicegraph
