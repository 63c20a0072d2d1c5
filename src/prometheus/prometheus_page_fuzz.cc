// For any series: a page is the same in chunks of any size, each line of a text is a comment or has
// its name first, and protobuf holds as many series as were written.
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/check.h"
#include "base/testing/fuzz_input.h"
#include "prometheus/labels.h"
#include "prometheus/native_histogram.h"
#include "prometheus/page_writer.h"
#include "prometheus/testing/text_sink.h"
#include "wire/protobuf.h"

namespace {

using namespace millrace::prometheus;
using millrace::testing::FuzzInput;

constexpr FamilyType kTypes[] = {FamilyType::kCounter, FamilyType::kGauge, FamilyType::kUntyped,
                                 FamilyType::kHistogram, FamilyType::kSummary};

std::string labels_from(FuzzInput& input) {
  std::string labels;
  for (size_t count = input.choice(4); count > 0; --count) {
    const std::string_view name = input.text();
    append_label(labels, name, input.text());
  }
  return labels;
}

// Returns how many series were written in the form of protobuf.
size_t write_series(PageWriter& writer, FamilyType type, FuzzInput& input) {
  const std::string labels = labels_from(input);
  SeriesHead head{.labels = labels};
  if (input.flag()) head.timestamp_ms = static_cast<int64_t>(input.number(8));
  head.created_unix_nano = input.number(3);
  const double number = std::bit_cast<double>(input.number(8));
  const Exemplar exemplar{.labels = labels, .value = number, .time_unix_nano = input.number(2)};
  std::vector<uint64_t> counts(input.choice(6));
  for (uint64_t& count : counts) count = input.number(3);
  if (type == FamilyType::kHistogram && input.flag()) {
    const ExponentialValue value{.scale = static_cast<int32_t>(input.number(4)),
                                 .count = input.number(4),
                                 .sum = number,
                                 .positive = {static_cast<int32_t>(input.number(4)), counts}};
    writer.write(head, value);
    return check_native(value) ? 1 : 0;
  }
  static constexpr std::array<double, 5> kBounds = {-1, 0, 0.5, 10, 1e9};
  static constexpr std::array<QuantileValue, 2> kQuantiles = {{{0.5, 1}, {0.9, 2}}};
  if (type == FamilyType::kHistogram) {
    const size_t bounds = counts.empty() ? 0 : counts.size() - 1;
    writer.write(head, HistogramValue{std::span(kBounds).first(bounds),
                                      counts,
                                      number,
                                      input.number(8),
                                      {&exemplar, input.choice(2)}});
  } else if (type == FamilyType::kSummary) {
    writer.write(head, SummaryValue{std::span(kQuantiles).first(input.choice(3)), number, 7});
  } else {
    writer.write(head, NumberValue{number, input.flag() ? &exemplar : nullptr});
  }
  return 1;
}

size_t write_page(const PageOptions& options, FuzzInput input, Sink& sink) {
  const auto writer = make_page_writer(options, sink);
  size_t count = 0;
  while (!input.empty()) {
    const FamilyType type = kTypes[input.choice(5)];
    const std::string name = "n" + std::string(input.text());
    writer->begin_family({.name = name, .help = input.text(), .unit = input.text(), .type = type});
    for (size_t left = input.choice(4); left > 0; --left) {
      count += write_series(*writer, type, input);
    }
  }
  writer->finish();
  return count;
}

size_t count_series(std::string_view page) {
  size_t count = 0;
  const uint8_t* at = reinterpret_cast<const uint8_t*>(page.data());
  const uint8_t* const end = at + page.size();
  while (at != end) {
    uint32_t length = 0;
    at = millrace::wire::read_length(at, end, &length);
    MILLRACE_CHECK(at != nullptr);
    millrace::wire::FieldReader reader({at, length});
    for (millrace::wire::Field field; reader.next(&field);) {
      if (!field.is(4, millrace::wire::WireType::kLen)) continue;
      millrace::wire::FieldReader metric(field.bytes);
      for (millrace::wire::Field part; metric.next(&part);) continue;
      MILLRACE_CHECK(metric.ok());
      ++count;
    }
    MILLRACE_CHECK(reader.ok());
    at += length;
  }
  return count;
}

void check_lines(std::string_view page) {
  while (!page.empty()) {
    const size_t end = page.find('\n');
    MILLRACE_CHECK(end != std::string_view::npos);
    const std::string_view line = page.substr(0, end);
    MILLRACE_CHECK(line.starts_with("# ") || line.starts_with("n") || line.starts_with("{\"n") ||
                   line.starts_with("U__n"));
    page.remove_prefix(end + 1);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  FuzzInput input(data, size);
  const auto format = static_cast<Format>(input.choice(5));
  const auto escaping = static_cast<Escaping>(input.choice(4));
  const size_t chunk_bytes = input.choice(50) + 1;
  const PageOptions options{{format, escaping}, NameForm::kUtf8};
  testing::TextSink large;
  testing::TextSink small(chunk_bytes);
  const size_t count = write_page(options, input, large);
  write_page(options, input, small);
  MILLRACE_CHECK(large.text == small.text);
  if (format == Format::kProtobuf) {
    MILLRACE_CHECK(count_series(large.text) == count);
  } else {
    check_lines(large.text);
  }
  return 0;
}
