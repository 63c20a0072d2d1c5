#include "daemon/generate/content.h"

#include <algorithm>
#include <array>
#include <functional>
#include <iterator>
#include <string>
#include <utility>

#include "base/check.h"
#include "base/random.h"

namespace millrace::load {
namespace {

constexpr uint32_t kSpansPerTrace = 8;
constexpr uint32_t kItemsPerResource = 250;

template <class Value, size_t kCount>
const Value& pick(Random& random, const std::array<Value, kCount>& from) {
  return from[random.below(kCount)];
}

std::string number_between(Random& random, uint64_t low, uint64_t high) {
  return std::to_string(low + random.below(high - low + 1));
}

// opentelemetry.proto.common.v1: KeyValue and AnyValue.
Field string_attribute(uint32_t number, std::string key, std::string value) {
  return repeated_field(
      number, "attributes",
      {string_field(1, "key", std::move(key)),
       message_field(2, "value", {string_field(1, "stringValue", std::move(value))})});
}
Field integer_attribute(uint32_t number, std::string key, int64_t value) {
  return repeated_field(number, "attributes",
                        {string_field(1, "key", std::move(key)),
                         message_field(2, "value", {integer_field(3, "intValue", value)})});
}
Field double_attribute(uint32_t number, std::string key, double value) {
  return repeated_field(number, "attributes",
                        {string_field(1, "key", std::move(key)),
                         message_field(2, "value", {double_field(4, "doubleValue", value)})});
}
Field bool_attribute(uint32_t number, std::string key, int64_t truth) {
  return repeated_field(number, "attributes",
                        {string_field(1, "key", std::move(key)),
                         message_field(2, "value", {bool_field(2, "boolValue", truth)})});
}

Field make_resource(Random& random) {
  constexpr std::array kServices = {"frontend", "checkout", "cart",    "payment",
                                    "shipping", "catalog",  "currency"};
  const std::string service = pick(random, kServices);
  const std::string host = number_between(random, 10, 99);
  return message_field(
      1, "resource",
      {string_attribute(1, "service.name", service),
       string_attribute(1, "service.version", "1." + number_between(random, 0, 9) + ".2"),
       string_attribute(1, "service.instance.id", service + "-6d5b7c9f4-x2k" + host),
       string_attribute(1, "deployment.environment.name", "production"),
       string_attribute(1, "host.name", "ip-10-1-2-" + host + ".internal"),
       string_attribute(1, "k8s.namespace.name", "shop"),
       string_attribute(1, "telemetry.sdk.language", "go"),
       string_attribute(1, "telemetry.sdk.name", "opentelemetry"),
       string_attribute(1, "telemetry.sdk.version", "1.38.0"),
       integer_attribute(1, "process.pid", 4242)});
}

Field make_scope(size_t index) {
  return index == 0 ? message_field(1, "scope",
                                    {string_field(1, "name", "http-instrumentation"),
                                     string_field(2, "version", "0.63.0")})
                    : message_field(1, "scope",
                                    {string_field(1, "name", "database-instrumentation"),
                                     string_field(2, "version", "0.41.1")});
}

struct Words {
  std::string_view resources;
  std::string_view scopes;
  std::string_view items;
};

// The nesting is the same for all signals: request {1: resource {1: resource, 2: scope {2:
// items}}}.
Message make_request(const Words& words, uint32_t item_count, Random& random,
                     const std::function<Message(uint32_t item)>& make_item) {
  const uint32_t resource_count = (item_count + kItemsPerResource - 1) / kItemsPerResource;
  Message request;
  uint32_t item = 0;
  for (uint32_t r = 0; r < resource_count; ++r) {
    Message resource = {make_resource(random)};
    for (uint32_t s = 0; s < 2; ++s) {
      // The number of the last item in this scope, plus one.
      const uint64_t parts = uint64_t{resource_count} * 2;
      const auto end = static_cast<uint32_t>(uint64_t{item_count} * (r * 2 + s + 1) / parts);
      if (end == item) continue;
      Message scope = {make_scope(s)};
      for (; item < end; ++item) scope.push_back(repeated_field(2, words.items, make_item(item)));
      resource.push_back(repeated_field(2, words.scopes, std::move(scope)));
    }
    request.push_back(repeated_field(1, words.resources, std::move(resource)));
  }
  return request;
}

constexpr uint32_t kSpanAttributes = 9;
enum SpanKind : int64_t { kServer = 2, kClient = 3 };

void add_http_attributes(Message& span, Random& random, int64_t status) {
  constexpr std::array kMethods = {"GET", "POST", "PUT"};
  span.push_back(string_attribute(kSpanAttributes, "http.request.method", pick(random, kMethods)));
  span.push_back(integer_attribute(kSpanAttributes, "http.response.status_code", status));
  span.push_back(string_attribute(kSpanAttributes, "url.path",
                                  "/api/cart/" + number_between(random, 10000, 99999)));
  span.push_back(string_attribute(kSpanAttributes, "http.route", "/api/cart/{id}"));
  span.push_back(string_attribute(kSpanAttributes, "url.scheme", "http"));
  span.push_back(string_attribute(kSpanAttributes, "server.address", "cart.shop"));
  span.push_back(integer_attribute(kSpanAttributes, "server.port", 8080));
  span.push_back(string_attribute(kSpanAttributes, "network.protocol.version", "1.1"));
  span.push_back(string_attribute(
      kSpanAttributes, "client.address",
      "10.2." + number_between(random, 1, 254) + "." + number_between(random, 1, 254)));
  span.push_back(double_attribute(kSpanAttributes, "app.cart.total", random.unit() * 100));
}

void add_database_attributes(Message& span, Random& random) {
  span.push_back(string_attribute(kSpanAttributes, "db.system.name", "postgresql"));
  span.push_back(string_attribute(kSpanAttributes, "db.namespace", "shop"));
  span.push_back(string_attribute(kSpanAttributes, "db.operation.name", "SELECT"));
  span.push_back(string_attribute(kSpanAttributes, "db.collection.name", "items"));
  span.push_back(string_attribute(
      kSpanAttributes, "db.query.text",
      "SELECT id, name, price FROM items WHERE category = $1 AND price < $2 LIMIT " +
          number_between(random, 10, 99)));
  span.push_back(integer_attribute(kSpanAttributes, "db.response.returned_rows",
                                   static_cast<int64_t>(random.below(100))));
  span.push_back(string_attribute(kSpanAttributes, "server.address", "db-1.shop"));
  span.push_back(integer_attribute(kSpanAttributes, "server.port", 5432));
  span.push_back(bool_attribute(kSpanAttributes, "app.db.pooled", 1));
}

void add_rpc_attributes(Message& span, Random& random) {
  span.push_back(string_attribute(kSpanAttributes, "rpc.system", "grpc"));
  span.push_back(string_attribute(kSpanAttributes, "rpc.service", "shop.CartService"));
  span.push_back(string_attribute(kSpanAttributes, "rpc.method", "AddItem"));
  span.push_back(integer_attribute(kSpanAttributes, "rpc.grpc.status_code", 0));
  span.push_back(string_attribute(kSpanAttributes, "server.address", "cart.shop"));
  span.push_back(integer_attribute(kSpanAttributes, "server.port", 7070));
  span.push_back(string_attribute(
      kSpanAttributes, "network.peer.address",
      "10.3." + number_between(random, 1, 254) + "." + number_between(random, 1, 254)));
  span.push_back(integer_attribute(kSpanAttributes, "network.peer.port",
                                   static_cast<int64_t>(32768 + random.below(28000))));
  span.push_back(string_attribute(kSpanAttributes, "app.user.id",
                                  "user-" + number_between(random, 100000, 999999)));
  span.push_back(string_attribute(kSpanAttributes, "app.product.id",
                                  "SKU-" + number_between(random, 10000, 99999)));
}

void add_exception(Message& span) {
  span.push_back(
      repeated_field(11, "events",
                     {time_field(1, "timeUnixNano", 90'000), string_field(2, "name", "exception"),
                      string_attribute(3, "exception.type", "java.lang.IllegalStateException"),
                      string_attribute(3, "exception.message", "connection reset by peer")}));
  span.push_back(message_field(
      15, "status", {string_field(2, "message", "connection reset"), enum_field(3, "code", 2)}));
}

Message make_span(uint32_t item, Random& random) {
  const uint32_t place = item % kSpansPerTrace;
  const uint32_t root = item - place;
  Message span = {trace_id_field(1, root), span_id_field(2, "spanId", item)};
  if (place > 0) span.push_back(span_id_field(4, "parentSpanId", root + (place - 1) / 2));
  const int64_t flavour = place % 4;
  constexpr std::array kNames = {"GET /api/cart/{id}", "GET", "SELECT shop.items",
                                 "shop.CartService/AddItem"};
  span.push_back(string_field(5, "name", kNames[static_cast<size_t>(flavour)]));
  span.push_back(enum_field(6, "kind", flavour == 0 ? kServer : kClient));
  span.push_back(time_field(7, "startTimeUnixNano", 0));
  span.push_back(
      time_field(8, "endTimeUnixNano", 100'000 + static_cast<int64_t>(random.below(50'000'000))));
  const bool failed = random.chance(0.05);
  if (flavour < 2) {
    add_http_attributes(span, random, failed ? 500 : 200);
  } else if (flavour == 2) {
    add_database_attributes(span, random);
  } else {
    add_rpc_attributes(span, random);
  }
  if (failed) add_exception(span);
  return span;
}

// Adds the attributes of a point of a request metric in field `number` of its kind of point.
void add_point_attributes(Message& point, uint32_t number, Random& random) {
  constexpr std::array kMethods = {"GET", "POST", "PUT"};
  constexpr std::array kStatus = {200, 201, 404, 500};
  point.push_back(string_attribute(number, "http.request.method", pick(random, kMethods)));
  point.push_back(string_attribute(number, "http.route",
                                   "/api/v" + number_between(random, 1, 3) + "/items/{id}"));
  point.push_back(integer_attribute(number, "http.response.status_code", pick(random, kStatus)));
  point.push_back(string_attribute(number, "url.scheme", "https"));
}

Message make_number_point(Random& random) {
  Message point = {time_field(2, "startTimeUnixNano", -60'000'000'000),
                   time_field(3, "timeUnixNano", 0),
                   fixed64_field(6, "asInt", static_cast<int64_t>(random.below(100'000)))};
  add_point_attributes(point, 7, random);
  return point;
}

Message make_histogram_point(Random& random) {
  std::vector<int64_t> counts;
  int64_t count = 0;
  for (int i = 0; i < 8; ++i) {
    counts.push_back(static_cast<int64_t>(random.below(200)));
    count += counts.back();
  }
  Message point = {time_field(2, "startTimeUnixNano", -60'000'000'000),
                   time_field(3, "timeUnixNano", 0),
                   fixed64_field(4, "count", count),
                   double_field(5, "sum", static_cast<double>(count) * random.unit()),
                   packed_fixed64_field(6, "bucketCounts", std::move(counts)),
                   packed_doubles_field(7, "explicitBounds", {0.005, 0.01, 0.05, 0.1, 0.5, 1, 5})};
  add_point_attributes(point, 9, random);
  return point;
}

constexpr int64_t kCumulative = 2;

// One metric with one point, so that the number of items equals the number of metrics.
Message make_metric(uint32_t item, Random& random) {
  if (item % 3 == 0) {
    return {string_field(1, "name", "http.server.request.duration"),
            string_field(2, "description", "Duration of HTTP server requests."),
            string_field(3, "unit", "s"),
            message_field(9, "histogram",
                          {repeated_field(1, "dataPoints", make_histogram_point(random)),
                           enum_field(2, "aggregationTemporality", kCumulative)})};
  }
  if (item % 3 == 1) {
    return {string_field(1, "name", "app.orders.placed"), string_field(3, "unit", "{order}"),
            message_field(7, "sum",
                          {repeated_field(1, "dataPoints", make_number_point(random)),
                           enum_field(2, "aggregationTemporality", kCumulative),
                           bool_field(3, "isMonotonic", 1)})};
  }
  return {string_field(1, "name", "http.server.active_requests"),
          string_field(3, "unit", "{request}"),
          message_field(5, "gauge", {repeated_field(1, "dataPoints", make_number_point(random))})};
}

Message make_log_record(uint32_t item, Random& random) {
  struct Severity {
    int64_t number;
    const char* text;
  };
  constexpr std::array<Severity, 4> kSeverities = {
      {{9, "INFO"}, {9, "INFO"}, {13, "WARN"}, {17, "ERROR"}}};
  const Severity severity = pick(random, kSeverities);
  return {time_field(1, "timeUnixNano", 0),
          enum_field(2, "severityNumber", severity.number),
          string_field(3, "severityText", severity.text),
          message_field(5, "body",
                        {string_field(1, "stringValue",
                                      "order " + number_between(random, 100000, 999999) +
                                          " placed by user " + number_between(random, 1000, 9999) +
                                          " in " + number_between(random, 10, 99) + " ms")}),
          string_attribute(6, "log.logger", "shop.checkout.OrderService"),
          string_attribute(6, "thread.name", "worker-" + number_between(random, 1, 16)),
          string_attribute(6, "code.function.name", "placeOrder"),
          integer_attribute(6, "code.line.number", static_cast<int64_t>(random.below(900))),
          string_attribute(6, "app.user.id", "user-" + number_between(random, 100000, 999999)),
          trace_id_field(9, item - item % kSpansPerTrace),
          span_id_field(10, "spanId", item),
          time_field(11, "observedTimeUnixNano", 50'000)};
}

}  // namespace

Message make_traces(uint32_t span_count, uint64_t seed) {
  Random random(seed);
  return make_request({"resourceSpans", "scopeSpans", "spans"}, span_count, random,
                      [&](uint32_t item) { return make_span(item, random); });
}

Message make_metrics(uint32_t point_count, uint64_t seed) {
  Random random(seed);
  return make_request({"resourceMetrics", "scopeMetrics", "metrics"}, point_count, random,
                      [&](uint32_t item) { return make_metric(item, random); });
}

Message make_logs(uint32_t record_count, uint64_t seed) {
  Random random(seed);
  return make_request({"resourceLogs", "scopeLogs", "logRecords"}, record_count, random,
                      [&](uint32_t item) { return make_log_record(item, random); });
}

PayloadTemplate make_payload_template(Signal signal, PayloadFormat format, uint32_t item_count,
                                      uint64_t seed) {
  MILLRACE_CHECK(item_count > 0 && signal != Signal::kProfiles);
  const Message message = signal == Signal::kTraces    ? make_traces(item_count, seed)
                          : signal == Signal::kMetrics ? make_metrics(item_count, seed)
                                                       : make_logs(item_count, seed);
  return PayloadTemplate(
      format == PayloadFormat::kProtobuf ? to_protobuf(message) : to_json(message), item_count);
}

}  // namespace millrace::load
