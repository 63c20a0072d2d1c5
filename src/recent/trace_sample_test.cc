#include "recent/trace_sample.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "memory/budget.h"
#include "otlp/admit.h"
#include "otlp/item_count.h"
#include "otlp/views.h"

namespace millrace::recent {
namespace {

std::string field(uint32_t number, std::string_view content) {
  std::string size;
  size_t left = content.size();
  for (; left > 127; left >>= 7) size += static_cast<char>((left & 127) | 128);
  size += static_cast<char>(left);
  return static_cast<char>(number << 3 | 2) + size + std::string(content);
}
std::string id_of(uint32_t trace) {
  std::string id(16, '\1');
  for (size_t i = 0; i < 4; ++i) id[12 + i] = static_cast<char>(trace >> 8 * i);
  return id;
}
std::string span_of(uint32_t trace, std::string_view name) {
  return field(2, field(5, name) + field(1, id_of(trace)) + field(2, "12345678"));
}
std::string resource_of(std::string_view scopes) {
  return field(1, field(1, field(1, field(1, "key"))) + std::string(scopes) + field(3, "url"));
}
std::string scope_of(std::string_view spans) {
  return field(2, field(1, field(1, "scope")) + std::string(spans) + field(3, "url"));
}

struct Sampled {
  Budget budget{64 << 20};
  ChunkPool pool{budget, 0};
  Pace pace;
  Work work{pool, pace};

  TraceSample::Kept of(const TraceSample& sample, std::string_view request) {
    auto kept = sample.kept_of(Rope(Bytes::copy_of(request)), work);
    EXPECT_TRUE(kept.has_value());
    return kept ? std::move(*kept) : TraceSample::Kept{};
  }
};

uint32_t first_trace(const TraceSample& sample, bool is_kept) {
  uint32_t trace = 0;
  while (sample.keeps(as_span(id_of(trace))) != is_kept) ++trace;
  return trace;
}

TEST(TraceSampleTest, AShareOfTheTracesIsKept) {
  for (const double rate : {0.01, 0.1, 0.5, 0.9}) {
    const TraceSample sample(rate);
    int kept = 0;
    for (uint32_t trace = 0; trace < 20'000; ++trace) {
      kept += sample.keeps(as_span(id_of(trace))) ? 1 : 0;
    }
    EXPECT_NEAR(kept, rate * 20'000, 300) << rate;
  }
}

TEST(TraceSampleTest, AHigherRateKeepsWhatALowerOneKeeps) {
  const TraceSample low(0.2);
  const TraceSample high(0.4);
  for (uint32_t trace = 0; trace < 1000; ++trace) {
    const std::string id = id_of(trace);
    EXPECT_TRUE(!low.keeps(as_span(id)) || high.keeps(as_span(id)));
  }
}

TEST(TraceSampleTest, NoneAndAllAreExact) {
  const TraceSample none(0);
  const TraceSample all(1);
  for (uint32_t trace = 0; trace < 1000; ++trace) {
    EXPECT_FALSE(none.keeps(as_span(id_of(trace))));
    EXPECT_TRUE(all.keeps(as_span(id_of(trace))));
  }
  EXPECT_TRUE(all.keeps_all());
  EXPECT_FALSE(TraceSample(0.999).keeps_all());
}

TEST(TraceSampleTest, SpansOfOtherTracesAreTakenOut) {
  const TraceSample sample(0.5);
  const uint32_t in = first_trace(sample, true);
  const uint32_t out = first_trace(sample, false);
  const auto request = [&](bool with_others) {
    const auto other = [&](std::string_view text) {
      return with_others ? std::string(text) : std::string();
    };
    const std::string lost = span_of(out, "lost");
    return resource_of(scope_of(span_of(in, "a") + other(lost) + span_of(in, "b")) +
                       other(scope_of(lost)) + scope_of(other(lost) + span_of(in, "c"))) +
           other(resource_of(scope_of(lost) + scope_of(lost))) +
           resource_of(scope_of(span_of(in, "d")));
  };
  Sampled sampled;
  const TraceSample::Kept kept = sampled.of(sample, request(true));
  EXPECT_EQ(kept.span_count, 4u);
  EXPECT_EQ(kept.bytes.to_bytes().text(), request(false));
  EXPECT_EQ(otlp::count_items(Signal::kTraces, kept.bytes), 4u);
}

TEST(TraceSampleTest, ARequestOfOtherTracesLeavesNothing) {
  const TraceSample sample(0.5);
  Sampled sampled;
  const std::string lost = span_of(first_trace(sample, false), "lost");
  const TraceSample::Kept kept = sampled.of(sample, resource_of(scope_of(lost)));
  EXPECT_EQ(kept.span_count, 0u);
  EXPECT_TRUE(kept.bytes.empty());
}

TEST(TraceSampleTest, ARequestThatIsKeptWholeIsNotCopied) {
  const TraceSample sample(0.5);
  Sampled sampled;
  const Rope request(
      Bytes::copy_of(resource_of(scope_of(span_of(first_trace(sample, true), "kept")))));
  const auto kept = sample.kept_of(request, sampled.work);
  ASSERT_TRUE(kept.has_value());
  EXPECT_EQ(kept->bytes.pieces().front().data(), request.pieces().front().data());
}

TEST(TraceSampleTest, WithoutMemoryThereIsAnError) {
  const TraceSample sample(0.5);
  Budget budget(100);
  ChunkPool pool(budget, 0);
  Pace pace;
  Work work{pool, pace};
  const std::string both = span_of(first_trace(sample, false), std::string(500, 'x')) +
                           span_of(first_trace(sample, true), std::string(500, 'x'));
  EXPECT_FALSE(sample.kept_of(Rope(Bytes::copy_of(resource_of(scope_of(both)))), work).has_value());
}

}  // namespace
}  // namespace millrace::recent
