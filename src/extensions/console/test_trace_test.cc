#include "extensions/console/test_trace.h"

#include <gtest/gtest.h>

#include <string>

#include "otlp/admit.h"

namespace millrace::extensions::console {
namespace {

TEST(TestTraceTest, ItIsAdmitted) {
  Random random(1);
  const TestTrace trace = make_test_trace(random, WallTime(1'700'000'000s));
  EXPECT_EQ(trace.id.size(), 32u);
  const auto admitted = otlp::admit(Signal::kTraces, trace.request.view(), {});
  ASSERT_TRUE(admitted.has_value());
  EXPECT_EQ(admitted->item_count, trace.span_count);
  EXPECT_NE(make_test_trace(random, WallTime(1s)).id, trace.id);
}

TEST(TestTraceTest, ItIsOneThatIsKept) {
  Random random(1);
  const recent::TraceSample sample(0.01);
  for (int i = 0; i < 20; ++i) {
    const TestTrace trace = make_test_trace(random, WallTime(1s), sample);
    std::string id;
    for (size_t at = 0; at < trace.id.size(); at += 2) {
      id += static_cast<char>(std::stoi(trace.id.substr(at, 2), nullptr, 16));
    }
    EXPECT_TRUE(sample.keeps(as_span(id)));
  }
  EXPECT_EQ(make_test_trace(random, WallTime(1s), recent::TraceSample(0)).id.size(), 32u);
}

}  // namespace
}  // namespace millrace::extensions::console
