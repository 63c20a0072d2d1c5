// Sums over foreign spans and log records, compared with a naive twin: for each resource and label
// the values of the source attribute are added in order, and the request is valid with as many
// points as it says.
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/testing/fuzz_input.h"
#include "connectors/sum/source_value.h"
#include "connectors/sum/sum.h"
#include "memory/testing/test_work.h"
#include "otlp/admit.h"
#include "otlp/views.h"
#include "wire/utf8.h"
#include "wire/writer.h"

namespace {

using namespace millrace;
using namespace millrace::connectors::sum;

constexpr uint32_t kLabelKey = 0;
constexpr uint32_t kSourceKey = 1;
constexpr std::string_view kKeys[] = {"label", "source", "other"};

// Content of an AnyValue.
std::string any_value(testing::FuzzInput& input) {
  wire::Writer w(64);
  switch (input.choice(6)) {
    case 0:
      w.string_field(1, wire::to_utf8(input.text()));
      break;
    case 1:
      w.varint_field(2, input.choice(2));
      break;
    case 2:
      w.varint_field(3, input.number(8));
      break;
    case 3:
      w.fixed64_field(4, input.number(8));
      break;
    case 4:
      w.bytes_field(7, as_span(input.text()));
      break;
    default:  // none
      break;
  }
  return w.to_string();
}

// The naive sums of one resource, by label; an item without a label is left out.
using Sums = std::map<std::string, double>;

void write_item(testing::FuzzInput& input, uint32_t attributes_field, Sums& sums, wire::Writer& w) {
  const auto item = w.open(2);
  std::string first[std::size(kKeys)];
  bool is_there[std::size(kKeys)] = {};
  for (size_t count = input.choice(5); count > 0; --count) {
    const size_t key = input.choice(std::size(kKeys));
    const std::string value = any_value(input);
    const auto entry = w.open(attributes_field);
    // In either order.
    const bool is_value_first = input.flag();
    if (is_value_first) w.bytes_field(2, as_span(value));
    w.string_field(1, kKeys[key]);
    if (!is_value_first) w.bytes_field(2, as_span(value));
    w.close(entry);
    if (!std::exchange(is_there[key], true)) first[key] = value;
  }
  w.close(item);
  const auto read = [&](size_t key) { return otlp::AnyValueView::read(as_span(first[key])); };
  if (!is_there[kLabelKey]) return;
  const auto label = label_of(read(kLabelKey));
  if (!label) return;
  sums[*label] += is_there[kSourceKey] ? number_of(read(kSourceKey)) : 0;
}

Sums read_sums(const otlp::ResourceView& resource) {
  Sums sums;
  otlp::ScopeReader scopes(resource);
  for (otlp::ScopeView scope; scopes.next(&scope);) {
    otlp::MessageReader metrics(scope.bytes.view(), otlp::kScopeItems);
    for (otlp::MessageBytes content; metrics.next(&content);) {
      const auto metric = otlp::MetricView::read(Bytes::copy_of(content));
      otlp::MessageReader points(metric.data.view(), otlp::kDataPoints);
      for (otlp::MessageBytes bytes; points.next(&bytes);) {
        const auto label = otlp::find_attribute(bytes, 7, kKeys[kLabelKey]);
        MILLRACE_CHECK(label.has_value());
        const auto point = otlp::DataPointView::read(metric.type, bytes);
        MILLRACE_CHECK(sums.emplace(std::string(label->text), *point.as_double).second);
      }
    }
  }
  return sums;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  testing::FuzzInput input(data, size);
  const bool is_of_logs = input.flag();
  const Signal signal = is_of_logs ? Signal::kLogs : Signal::kTraces;
  item_totals::Total total;
  total.name = "total";
  total.source_attribute = kKeys[kSourceKey];
  total.attributes.push_back({.key = std::string(kKeys[kLabelKey]), .default_value = {}});
  Options options;
  options.of(is_of_logs ? ottl::Context::kLog : ottl::Context::kSpan).push_back(std::move(total));

  std::vector<Sums> twin;
  wire::Writer w(1024);
  for (size_t resources = 1 + input.choice(3); resources > 0; --resources) {
    Sums sums;
    const auto resource = w.open(1);
    for (size_t scopes = input.choice(3); scopes > 0; --scopes) {
      const auto scope = w.open(2);
      for (size_t items = input.choice(5); items > 0; --items) {
        write_item(input, is_of_logs ? otlp::kLogRecordAttributes : otlp::kSpanAttributes, sums, w);
      }
      w.close(scope);
    }
    w.close(resource);
    if (!sums.empty()) twin.push_back(std::move(sums));
  }
  MILLRACE_CHECK(otlp::admit(signal, w.view()));

  testing::TestWork own;
  Random random(1);
  Logger log{{}, nullptr, nullptr};
  const auto summed =
      item_totals::total_items({.options = options,
                                .rules = connectors::sum::rules(),
                                .seed = {1, 2},
                                .random = random,
                                .log = log},
                               signal, Rope(Bytes::copy_of(w.view())), WallTime(1s), own.work);
  MILLRACE_CHECK(summed);
  const Bytes bytes = summed->request.to_bytes();
  const auto admitted = otlp::admit(Signal::kMetrics, bytes.view());
  MILLRACE_CHECK(admitted && admitted->item_count == summed->item_count);
  const Rope rope(bytes);
  otlp::ResourceReader resources(rope);
  size_t at = 0;
  for (otlp::ResourceView resource; resources.next(&resource); ++at) {
    MILLRACE_CHECK(at < twin.size() && read_sums(resource) == twin[at]);
  }
  MILLRACE_CHECK(at == twin.size());
  return 0;
}
