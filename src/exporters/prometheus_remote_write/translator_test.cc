// Points in, series out: what otelcol's exporter makes of them, and where Millrace does better.

#include "exporters/prometheus_remote_write/translator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "exporters/prometheus_remote_write/testing/written.h"
#include "memory/testing/paced_work.h"

namespace millrace::exporters {
namespace {

using prometheus::Strategy;
using testing::at_s;
using ::testing::ElementsAre;
using testing::exponential;
using testing::exponential_point;
using testing::gauge;
using testing::histogram;
using testing::histogram_point;
using ::testing::IsEmpty;
using testing::number_point;
using testing::request;
using testing::sample;
using testing::sum;
using testing::summary;
using testing::Temporality;
using testing::Translated;
using testing::WrittenOptions;

const double kStale = std::bit_cast<double>(uint64_t{0x7ff0000000000002});

Translated translate(const std::vector<std::string>& metrics,
                     const testing::Attributes& resource = {}, const WrittenOptions& options = {},
                     std::string_view scope = {}) {
  return testing::translate(request(metrics, resource, scope), options);
}

TEST(RemoteWriteTranslator, CounterBecomesASeriesWithSortedLabels) {
  const Translated made =
      translate({sum({.name = "http.server.requests", .unit = "1"},
                     {number_point(5, {.attributes = {{"method", "GET"}, {"Zone", "a"}}})})},
                {{"service.name", "s"}}, {}, "lib");
  EXPECT_THAT(made.lines,
              ElementsAre("{Zone=a,__name__=http_server_requests_total,job=s,method=GET,"
                          "otel_scope_name=lib}" +
                          sample(5)));
  EXPECT_EQ(made.points, 1u);
}

TEST(RemoteWriteTranslator, EmptyValuesAndEmptyScopesHaveNoLabel) {
  EXPECT_THAT(
      translate({gauge({.name = "g"}, {number_point(1, {.attributes = {{"a", ""}}})})}).lines,
      ElementsAre("{__name__=g}" + sample(1)));
}

TEST(RemoteWriteTranslator, SamplesOfASeriesAreInOneSeriesSortedByTime) {
  const Translated made = translate({gauge({.name = "g"}, {number_point(3, {.time = at_s(3)}),
                                                           number_point(1, {.time = at_s(1)})}),
                                     gauge({.name = "g"}, {number_point(2, {.time = at_s(2)})})});
  EXPECT_THAT(made.lines, ElementsAre("{__name__=g}" + sample(1, 1) + sample(2, 2) + sample(3, 3)));
}

TEST(RemoteWriteTranslator, OfTwoValuesAtOneTimeTheLastStaysAndTheOtherIsCounted) {
  const Translated made = translate(
      {gauge({.name = "g"}, {number_point(1), number_point(2), number_point(2)}),
       histogram({.name = "h"}, {histogram_point({{1, 2}, {5}}), histogram_point({{2, 2}, {5}})})});
  EXPECT_EQ(made.lines.front(), "{__name__=g}" + sample(2));
  EXPECT_EQ(made.refused.of(Refusal::kDuplicateSample), 2u) << "one of g, one of h";
}

TEST(RemoteWriteTranslator, DeltasAndUnknownTemporalitiesAreRefusedAndTheRestIsWritten) {
  const Translated made =
      translate({sum({.name = "d"}, {number_point(1), number_point(2)}, Temporality::kDelta),
                 histogram({.name = "h"}, {histogram_point({{1}, {}})}, Temporality::kDelta),
                 sum({.name = "u"}, {number_point(1)}, Temporality::kUnspecified),
                 sum({.name = "c"}, {number_point(1)})});
  EXPECT_THAT(made.lines, ElementsAre("{__name__=c_total}" + sample(1)));
  EXPECT_EQ(made.refused.of(Refusal::kDeltaTemporality), 3u);
  EXPECT_EQ(made.refused.of(Refusal::kUnspecifiedTemporality), 1u);
  EXPECT_EQ(made.refused.examples[static_cast<size_t>(Refusal::kDeltaTemporality)], "d");
}

TEST(RemoteWriteTranslator, HistogramHasCumulativeBucketsSumAndCount) {
  const Translated made =
      translate({histogram({.name = "h"}, {histogram_point({{2, 3, 1}, {1, 0.000001}, 12.5})})});
  EXPECT_EQ(made.refused.of(Refusal::kInvalidHistogram), 1u) << "its bounds do not ascend";
  EXPECT_THAT(translate({histogram({.name = "h", .unit = "s"},
                                   {histogram_point({{2, 3, 1}, {0.000001, 5e6}, 12.5})})})
                  .lines,
              ElementsAre("{__name__=h_seconds_bucket,le=+Inf}" + sample(6),
                          "{__name__=h_seconds_bucket,le=0.000001}" + sample(2),
                          "{__name__=h_seconds_bucket,le=5000000}" + sample(5),
                          "{__name__=h_seconds_count}" + sample(6),
                          "{__name__=h_seconds_sum}" + sample(12.5)));
}

TEST(RemoteWriteTranslator, SumThatIsNotSetIsNotWritten) {
  EXPECT_THAT(
      translate({histogram({.name = "h"}, {histogram_point({{2}, {}})})}).lines,
      ElementsAre("{__name__=h_bucket,le=+Inf}" + sample(2), "{__name__=h_count}" + sample(2)));
}

TEST(RemoteWriteTranslator, CountIsMadeTheSumOfTheBuckets) {
  const Translated made =
      translate({histogram({.name = "h"}, {histogram_point({{2, 2}, {1}, {}, 3})})});
  EXPECT_EQ(made.repaired, 1u);
  EXPECT_EQ(made.lines.back(), "{__name__=h_count}" + sample(4));
}

TEST(RemoteWriteTranslator, ExponentialHistogramIsNative) {
  const Translated made = translate({exponential(
      {.name = "e"},
      {exponential_point(
          {.zero_count = 1, .offset = 3, .positive = {10, 0, 0, 20, 5, 2}, .sum = 2})})});
  EXPECT_THAT(made.lines,
              ElementsAre("{__name__=e} H(0,255bba08cf8c979d,1,38,4000000000000000||4:10 7:20 8:5 "
                          "9:2)@1700000001000"))
      << "the threshold is 1e-128";
  EXPECT_EQ(translate({exponential({.name = "e"}, {exponential_point({.scale = -5})})})
                .refused.of(Refusal::kScaleTooCoarse),
            1u);
}

TEST(RemoteWriteTranslator, EndedSeriesGetTheStaleMarkerInEveryPart) {
  const testing::Point ended{.flags = 1};
  const Translated made =
      translate({gauge({.name = "g"}, {number_point(7, ended)}),
                 histogram({.name = "h"}, {histogram_point({{1, 1}, {5}, 3}, ended)}),
                 exponential({.name = "e"}, {exponential_point({.zero_count = 4}, ended)})});
  EXPECT_THAT(
      made.lines,
      ElementsAre("{__name__=e} H(0,255bba08cf8c979d,0,9218868437227405314,"
                  "7ff0000000000002||)@1700000001000",
                  "{__name__=g}" + sample(kStale), "{__name__=h_bucket,le=+Inf}" + sample(kStale),
                  "{__name__=h_bucket,le=5}" + sample(kStale),
                  "{__name__=h_count}" + sample(kStale), "{__name__=h_sum}" + sample(kStale)));
}

TEST(RemoteWriteTranslator, NaNAndInfinityPass) {
  const Translated made =
      translate({gauge({.name = "g"}, {number_point(NAN, {.time = at_s(1)}),
                                       number_point(-INFINITY, {.time = at_s(2)})})});
  EXPECT_THAT(made.lines, ElementsAre("{__name__=g}" + sample(NAN, 1) + sample(-INFINITY, 2)));
}

TEST(RemoteWriteTranslator, TimesThatNoServerTakesAreRefused) {
  const Translated made = translate(
      {gauge({.name = "g"}, {number_point(1, {.time = 0}), number_point(1, {.time = UINT64_MAX}),
                             number_point(1, {.time = at_s(1)})})});
  EXPECT_EQ(made.refused.of(Refusal::kBadTime), 2u);
  EXPECT_EQ(made.lines.size(), 1u);
}

TEST(RemoteWriteTranslator, NamesOfSymbolsOnlyAndReservedLabelsAreRefused) {
  const Translated made = translate(
      {gauge({.name = "@#$%"}, {number_point(1)}),
       gauge({.name = "g"}, {number_point(1, {.attributes = {{"__name__", "x"}}})}),
       histogram({.name = "h"}, {histogram_point({{1}, {}}, {.attributes = {{"le", "x"}}})})});
  EXPECT_THAT(made.lines, IsEmpty());
  EXPECT_EQ(made.refused.of(Refusal::kBadName), 1u);
  EXPECT_EQ(made.refused.of(Refusal::kBadLabel), 2u);
}

TEST(RemoteWriteTranslator, TargetInfoHasTheNewestTimeOfItsResource) {
  const testing::Attributes resource = {
      {"service.namespace", "n"}, {"service.name", "s"}, {"host.name", "h"}};
  const auto metrics = std::vector{gauge(
      {.name = "g"}, {number_point(1, {.time = at_s(4)}), number_point(1, {.time = at_s(2)})})};
  EXPECT_EQ(translate(metrics, resource).lines.back(),
            "{__name__=target_info,host_name=h,job=n/s}" + sample(1, 4));
  WrittenOptions without;
  without.translation.target_info = false;
  EXPECT_EQ(translate(metrics, resource, without).lines.size(), 1u);
  EXPECT_EQ(translate(metrics, {{"host.name", "h"}}).lines.size(), 1u) << "no job, no instance";
  EXPECT_EQ(translate(metrics, {{"service.name", "s"}}).lines.size(), 1u) << "nothing to tell";
}

TEST(RemoteWriteTranslator, ExternalLabelsYieldToThePoint) {
  WrittenOptions options;
  options.translation.labels.const_labels = {{"a", "external"}, {"__replica__", "r"}};
  EXPECT_THAT(translate({gauge({.name = "g"}, {number_point(1, {.attributes = {{"a", "own"}}})})},
                        {}, options)
                  .lines,
              ElementsAre("{__name__=g,__replica__=r,a=own}" + sample(1)));
}

TEST(RemoteWriteTranslator, ResourceAttributesReplaceThoseOfThePoint) {
  WrittenOptions options;
  options.translation.labels.resource_included = {"*"};
  options.translation.target_info = false;
  EXPECT_THAT(
      translate({gauge({.name = "g"}, {number_point(1, {.attributes = {{"host.name", "p"}}})})},
                {{"host.name", "h"}}, options)
          .lines,
      ElementsAre("{__name__=g,host_name=h}" + sample(1)));
}

TEST(RemoteWriteTranslator, Protocol2HasStartTimesMetadataAndUtf8Names) {
  WrittenOptions options;
  options.protocol = WriteProtocol::k2;
  options.strategy = Strategy::kNoTranslation;
  EXPECT_THAT(translate({sum({.name = "a.b", .unit = "By", .description = "Help"},
                             {number_point(1, {.attributes = {{"k.k", "v"}}})}),
                         gauge({.name = "g"}, {number_point(1)})},
                        {}, options)
                  .lines,
              ElementsAre("{__name__=a.b,k.k=v}" + sample(1) + "^1700000000000 M 1|Help|bytes",
                          "{__name__=g}" + sample(1) + " M 2||"));
}

TEST(RemoteWriteTranslator, MetadataOfEachFamilyIsSentOnce) {
  WrittenOptions options;
  options.metadata = WriteTable::Metadata::kSent;
  const auto metric = sum({.name = "a", .unit = "s", .description = "Help"}, {number_point(1)});
  EXPECT_THAT(
      translate({metric, metric}, {}, options).lines,
      ElementsAre(" M a_seconds_total|1|Help|seconds", "{__name__=a_seconds_total}" + sample(1)));
}

std::string exemplar(double value, const testing::Attributes& attributes = {}) {
  return testing::message([&](wire::Writer& writer) {
    writer.fixed64_field(2, at_s(1));
    writer.double_field(3, value);
    writer.string_field(4, "\x01\x02\x03\x04\x05\x06\x07\x08");
    testing::put_attributes(writer, 7, attributes);
  });
}

TEST(RemoteWriteTranslator, ExemplarOfABucketGoesToItsSeries) {
  const Translated made = translate(
      {histogram({.name = "h"}, {histogram_point({{2, 3}, {1}}, {.exemplar = exemplar(7)})})});
  EXPECT_EQ(made.lines.front(), "{__name__=h_bucket,le=+Inf}" + sample(5) +
                                    " #{span_id=0102030405060708}401c000000000000@1700000001000");
}

TEST(RemoteWriteTranslator, AttributesOfAnExemplarAreLeftOutBeyond128Characters) {
  const auto line = [](size_t size) {
    return translate(
               {sum({.name = "c"},
                    {number_point(1, {.exemplar = exemplar(2, {{"k", std::string(size, 'v')}})})})})
        .lines.front();
  };
  // span_id and its 16 digits are 23 characters, the key is one.
  EXPECT_TRUE(line(104).contains("#{k=v"));
  EXPECT_TRUE(line(105).contains("#{span_id="));
}

TEST(RemoteWriteTranslator, LimitOfBytesEndsTheRequestOrRefusesThePoint) {
  WrittenOptions options;
  options.translation.bytes_max = 600;
  const std::string small = number_point(1, {.attributes = {{"k", std::string(100, 'v')}}});
  const std::string large = number_point(1, {.attributes = {{"k", std::string(900, 'v')}}});
  const Translated one = translate({gauge({.name = "g"}, {small, large})}, {}, options);
  EXPECT_EQ(one.end, Translator::End::kComplete);
  EXPECT_EQ(one.points, 1u);
  EXPECT_EQ(one.refused.of(Refusal::kTooLarge), 1u);
  std::vector<std::string> metrics;
  for (int i = 0; i < 9; ++i) metrics.push_back(gauge({.name = "g" + std::to_string(i)}, {small}));
  EXPECT_EQ(translate(metrics, {}, options).end, Translator::End::kFull);
}

TEST(RemoteWriteTranslator, BudgetWithoutRoomEndsIt) {
  std::vector<std::string> metrics;
  for (int i = 0; i < 2000; ++i) {
    metrics.push_back(gauge({.name = "metric_" + std::to_string(i)}, {number_point(1)}));
  }
  // Output that drains a full process may pass the limit by 16 MiB.
  Budget budget(1 << 20);
  const auto taken = Reservation::make_beyond(budget, MemoryTerm::kMessages, 20 << 20);
  const prometheus::Namer namer(Strategy::kNoTranslation);
  const KeyHasher hasher(1, 2);
  const TranslatorOptions options{.labels = {.rules = LabelRules::kRemoteWrite}};
  WriteTable table(WriteProtocol::k2, WriteTable::Metadata::kNone, budget, hasher);
  Translator translator(namer, options, hasher, table);
  Pace pace;
  EXPECT_EQ(translator.translate(request(metrics), pace), Translator::End::kNoMemory);
  EXPECT_FALSE(table.finish(pace).has_value());
}

TEST(RemoteWriteTranslator, LongRequestsAskTheirPaceWhileTheyAreReadAndWritten) {
  std::vector<std::string> points;
  for (int i = 0; i < 1000; ++i) points.push_back(number_point(i, {.time = at_s(1 + i)}));
  Budget budget(64 << 20);
  ChunkPool pool(budget, 0);
  millrace::testing::PacedWork paced(pool, 10'000);
  const prometheus::Namer namer(Strategy::kNoTranslation);
  const KeyHasher hasher(1, 2);
  const TranslatorOptions options{.labels = {.rules = LabelRules::kRemoteWrite}};
  WriteTable table(WriteProtocol::k1, WriteTable::Metadata::kNone, budget, hasher);
  Translator translator(namer, options, hasher, table);
  EXPECT_EQ(translator.translate(request({gauge({.name = "g"}, points)}), paced.work.pace),
            Translator::End::kComplete);
  const uint64_t asked_reading = paced.asked_count();
  EXPECT_GE(asked_reading, 50u);
  EXPECT_TRUE(table.finish(paced.work.pace).has_value());
  EXPECT_GT(paced.asked_count(), asked_reading);
}

TEST(RemoteWriteTranslator, NumbersArePlainDecimals) {
  EXPECT_EQ(plain_decimal(0), "0");
  EXPECT_EQ(plain_decimal(-2.5), "-2.5");
  EXPECT_EQ(plain_decimal(1e23), "100000000000000000000000");
  EXPECT_EQ(plain_decimal(1.5e-7), "0.00000015");
  EXPECT_EQ(plain_decimal(123.456), "123.456");
  EXPECT_EQ(plain_decimal(INFINITY), "+Inf");
}

}  // namespace
}  // namespace millrace::exporters
