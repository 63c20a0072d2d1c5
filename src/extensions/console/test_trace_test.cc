#include "extensions/console/test_trace.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace millrace::extensions::console
