// What detailed and normal verbosity show, in otelcol's layout, and what senders cannot do with it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/printable_text.h"
#include "exporters/debug/text.h"
#include "otlp/example_requests.h"
#include "wire/writer.h"

namespace millrace::exporters {
namespace {

using testing::HasSubstr;
using testing::Not;
using wire::Writer;

// A request with one item; `write` writes its fields.
template <class Write>
Rope with_item(const Write& write) {
  Writer w;
  const auto resource = w.open(1);
  const auto scope = w.open(2);
  const auto item = w.open(2);
  write(w);
  w.close(item);
  w.close(scope);
  w.close(resource);
  return Rope(w.finish());
}

// A KeyValue with a text.
void write_attribute(Writer& w, uint32_t number, std::string_view key, std::string_view value) {
  const auto attribute = w.open(number);
  w.string_field(1, key);
  const auto any = w.open(2);
  w.string_field(1, value);
  w.close(any);
  w.close(attribute);
}

TEST(BatchTextTest, DetailedShowsEverySignalWhole) {
  const auto detailed = [](Signal signal) {
    return to_text(signal, Rope(otlp::example_request_with_everything(signal)),
                   Verbosity::kDetailed);
  };
  const std::string traces = detailed(Signal::kTraces);
  for (const char* part : {"ResourceSpans #0", "Span #0\n", "Span #1\n", "Trace ID       : ",
                           "SpanEvent #0", "SpanLink #0", "     -> ", "Status code    : "}) {
    EXPECT_THAT(traces, HasSubstr(part));
  }
  const std::string metrics = detailed(Signal::kMetrics);
  for (const char* part : {"NumberDataPoints #0", "HistogramDataPoints #0", "SummaryDataPoints #0",
                           "ExponentialHistogramDataPoints #0", "Buckets #0", "QuantileValue #0",
                           "IsMonotonic: true", "Exemplar #0"}) {
    EXPECT_THAT(metrics, HasSubstr(part));
  }
  const std::string logs = detailed(Signal::kLogs);
  for (const char* part : {"ResourceLog #0", "LogRecord #1\n", "Body: ", "SeverityNumber: "}) {
    EXPECT_THAT(logs, HasSubstr(part));
  }
  EXPECT_THAT(detailed(Signal::kProfiles), HasSubstr("ResourceProfiles #0"));
}

TEST(BatchTextTest, DroppedCountsAndIndentedAttributesOfEventsStandWhereOtelcolHasThem) {
  const Rope request = with_item([](Writer& w) {
    w.string_field(5, "operation");
    w.varint_field(10, 1);
    const auto event = w.open(11);
    w.string_field(2, "event");
    write_attribute(w, 3, "k", "v");
    w.varint_field(4, 2);
    w.close(event);
    w.varint_field(12, 3);
  });
  EXPECT_THAT(to_text(Signal::kTraces, request, Verbosity::kDetailed),
              HasSubstr("    Status message : \n"
                        "    DroppedAttributesCount: 1\n"
                        "Events:\n"
                        "SpanEvent #0\n"
                        "     -> Name: event\n"
                        "     -> Timestamp: 1970-01-01 00:00:00 +0000 UTC\n"
                        "     -> DroppedAttributesCount: 2\n"
                        "     -> Attributes::\n"
                        "          -> k: Str(v)\n"
                        "    DroppedEventsCount: 3\n"
                        "    DroppedLinksCount: 0\n"));
}

TEST(BatchTextTest, SeveritiesHaveTheirNames) {
  const struct {
    uint64_t number;
    const char* text;
  } kCases[] = {{0, "Unspecified(0)"}, {1, "Trace(1)"},    {9, "Info(9)"}, {14, "Warn2(14)"},
                {17, "Error(17)"},     {24, "Fatal4(24)"}, {25, "25"}};
  for (const auto& [number, text] : kCases) {
    const Rope request = with_item([&](Writer& w) { w.varint_field(2, number); });
    EXPECT_THAT(to_text(Signal::kLogs, request, Verbosity::kDetailed),
                HasSubstr(std::string("SeverityNumber: ") + text + "\n"));
  }
}

TEST(BatchTextTest, ExemplarsOfEachTypeOfPointAreShown) {
  const struct {
    uint32_t data;  // gauge, sum, histogram and exponential histogram
    uint32_t exemplars;
  } kCases[] = {{5, 5}, {7, 5}, {9, 8}, {10, 11}};
  for (const auto& [data_field, exemplars_field] : kCases) {
    const Rope request = with_item([&](Writer& w) {
      w.string_field(1, "requests");
      const auto data = w.open(data_field);
      const auto point = w.open(1);
      const auto exemplar = w.open(exemplars_field);
      w.fixed64_field(6, 15);
      write_attribute(w, 7, "k", "v");
      for (const auto& nested : {exemplar, point, data}) w.close(nested);
    });
    EXPECT_THAT(to_text(Signal::kMetrics, request, Verbosity::kDetailed),
                HasSubstr("Exemplars:\n"
                          "Exemplar #0\n"
                          "     -> Trace ID: \n"
                          "     -> Span ID: \n"
                          "     -> Timestamp: 1970-01-01 00:00:00 +0000 UTC\n"
                          "     -> Value: 15\n"
                          "     -> FilteredAttributes:\n"
                          "          -> k: Str(v)\n"))
        << data_field;
  }
}

TEST(BatchTextTest, NoValueForgesALineOrReachesTheTerminal) {
  constexpr std::string_view kForged = "x\nledger: held=0 balance=ok\n\x1b[2J\xc2\x9b";
  const Rope span = with_item([&](Writer& w) {
    w.string_field(3, kForged);
    w.string_field(5, kForged);
    write_attribute(w, 9, kForged, kForged);
  });
  const Rope log = with_item([&](Writer& w) {
    w.string_field(3, kForged);
    const auto body = w.open(5);
    w.string_field(1, kForged);
    w.close(body);
    write_attribute(w, 6, kForged, kForged);
  });
  for (const auto& [signal, request] :
       {std::pair(Signal::kTraces, span), std::pair(Signal::kLogs, log)}) {
    for (const Verbosity verbosity : {Verbosity::kNormal, Verbosity::kDetailed}) {
      std::string text = to_text(signal, request, verbosity);
      EXPECT_THAT("\n" + text, Not(HasSubstr("\nledger:")));
      std::erase(text, '\n');
      EXPECT_TRUE(is_printable(text)) << text;
      EXPECT_THAT(to_text(signal, request, verbosity, ControlCharacters::kRaw), HasSubstr(kForged));
    }
  }
}

// The first word of an item's line is a sender's.
TEST(BatchTextTest, ALineOfAnItemLooksLikeNoLineOfTheLedger) {
  const Rope span = with_item([](Writer& w) { w.string_field(5, "ledger: balance=ok"); });
  EXPECT_THAT(to_text(Signal::kTraces, span, Verbosity::kNormal), HasSubstr("\n  ledger: "));
}

TEST(BatchTextTest, WhatIsTooLongIsCutAndSaidToBe) {
  const std::string large(1 << 20, 'x');
  const Rope span = with_item([&](Writer& w) {
    w.string_field(5, large);
    for (int i = 0; i < 100'000; ++i) write_attribute(w, 9, "k", "v");
  });
  for (const Verbosity verbosity : {Verbosity::kNormal, Verbosity::kDetailed}) {
    const std::string text = to_text(Signal::kTraces, span, verbosity);
    EXPECT_LT(text.size(), BatchText::kPieceBytesMax);
    EXPECT_THAT(text, HasSubstr("x... (1048576 bytes)"));
    EXPECT_THAT(text, HasSubstr("... the rest is too long to be shown\n"));
  }
}

}  // namespace
}  // namespace millrace::exporters
