// The exceptions of foreign spans, compared with a naive twin: each event of that name in a
// resource with a service is a log record and counts once, and both requests are valid.
#include <string>

#include "base/check.h"
#include "base/testing/fuzz_input.h"
#include "connectors/exceptions/exception_logs.h"
#include "connectors/exceptions/exception_series.h"
#include "memory/testing/test_work.h"
#include "otlp/admit.h"
#include "otlp/attribute_list.h"
#include "otlp/testing/each_point.h"
#include "otlp/views.h"
#include "wire/utf8.h"
#include "wire/writer.h"

namespace {

using namespace millrace;
using namespace millrace::connectors::exceptions;
using testing::FuzzInput;

class Counting final : public ExceptionVisitor {
 public:
  Counting(ExceptionSeries& series, Work& work) : series_(series), maker_({1, 2}, work.pace) {}
  void visit(const ExceptionEvent& exception) override {
    MILLRACE_CHECK(series_.count(exception, maker_, {}, 1));
  }

 private:
  ExceptionSeries& series_;
  const item_identity::IdentityMaker maker_;
};

void write_attribute(FuzzInput& input, uint32_t field, std::string_view key, wire::Writer& w) {
  wire::Writer value(64);
  switch (input.choice(5)) {
    case 0:
      value.string_field(1, wire::to_utf8(input.text()));
      break;
    case 1:
      value.varint_field(3, input.number(8));
      break;
    case 2:
      value.fixed64_field(4, input.number(8));
      break;
    case 3: {  // a list
      const auto list = value.open(5);
      const auto element = value.open(1);
      value.string_field(1, wire::to_utf8(input.text()));
      value.close(element);
      value.close(list);
      break;
    }
    default:  // none
      break;
  }
  const auto entry = w.open(field);
  w.string_field(1, key);
  w.bytes_field(2, value.view());
  w.close(entry);
}

void write_attributes(FuzzInput& input, uint32_t field, wire::Writer& w) {
  constexpr std::string_view kKeys[] = {"exception.type", "exception.message", "span.name",
                                        "exception.stacktrace", "d"};
  for (size_t count = input.choice(4); count > 0; --count) {
    write_attribute(input, field, kKeys[input.choice(std::size(kKeys))], w);
  }
}

// Returns the number of exceptions.
size_t write_span(FuzzInput& input, wire::Writer& w) {
  const auto span = w.open(2);
  if (input.flag()) w.string_field(1, std::string(16, static_cast<char>(input.choice(3))));
  if (input.flag()) w.string_field(2, std::string(8, 's'));
  const bool is_named_first = input.flag();
  if (is_named_first) w.string_field(5, wire::to_utf8(input.text()));
  size_t exceptions = 0;
  for (size_t count = input.choice(4); count > 0; --count) {
    const auto event = w.open(otlp::kSpanEvents);
    write_attributes(input, otlp::kEventAttributes, w);
    w.fixed64_field(1, input.number(8));
    const bool is_exception = input.flag();
    w.string_field(2, is_exception ? "exception" : "Exception");
    w.close(event);
    exceptions += is_exception ? 1 : 0;
  }
  write_attributes(input, otlp::kSpanAttributes, w);
  w.varint_field(6, input.choice(8));
  if (!is_named_first) w.string_field(5, "late");
  w.close(span);
  return exceptions;
}

size_t write_request(FuzzInput& input, wire::Writer& w) {
  size_t exceptions = 0;
  for (size_t resources = 1 + input.choice(3); resources > 0; --resources) {
    const auto message = w.open(1);
    const bool has_service = input.choice(4) != 0;
    const auto resource = w.open(1);
    if (has_service) write_attribute(input, otlp::kResourceAttributes, "service.name", w);
    write_attributes(input, otlp::kResourceAttributes, w);
    w.close(resource);
    for (size_t scopes = input.choice(3); scopes > 0; --scopes) {
      const auto scope = w.open(2);
      for (size_t spans = input.choice(4); spans > 0; --spans) {
        const size_t of_span = write_span(input, w);
        exceptions += has_service ? of_span : 0;
      }
      w.close(scope);
    }
    w.close(message);
  }
  return exceptions;
}

uint64_t sum_of_points(const Rope& request) {
  uint64_t sum = 0;
  testing::for_each_point(request, [&](const testing::PointInRequest& point) {
    sum += static_cast<uint64_t>(*point.view.as_int);
  });
  return sum;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  FuzzInput input(data, size);
  Options options{.has_exemplars = input.flag()};
  options.dimensions.push_back({.name = "d", .default_value = otlp::encode_string_value("none")});
  wire::Writer w(1024);
  const size_t exceptions = write_request(input, w);
  MILLRACE_CHECK(otlp::admit(Signal::kTraces, w.view()));
  const Rope batch(Bytes::copy_of(w.view()));
  testing::TestWork own;

  const auto logs = logs_of(options, batch, own.work);
  MILLRACE_CHECK(logs && logs->item_count == exceptions);
  const auto admitted_logs = otlp::admit(Signal::kLogs, logs->request.to_bytes().view());
  MILLRACE_CHECK(admitted_logs && admitted_logs->item_count == exceptions);

  ExceptionSeries series(options, own.budget, size_t{256} << 20);
  Counting counting(series, own.work);
  each_exception(batch, own.work, counting);
  uint64_t counted = 0;
  for (size_t shard = 0; shard < ExceptionSeries::kShards;) {
    otlp::RopeWriter out(own.work, size_t{64} << 20);
    const uint32_t points = series.write_some(2, shard, out);
    const auto request = out.finish();
    MILLRACE_CHECK(request);
    const auto admitted = otlp::admit(Signal::kMetrics, request->to_bytes().view());
    MILLRACE_CHECK(admitted && admitted->item_count == points);
    counted += sum_of_points(*request);
  }
  MILLRACE_CHECK(counted == exceptions);
  return 0;
}
