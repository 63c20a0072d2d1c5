// Values that are shared by several others or contain themselves. C only borrows, so a few
// structures can represent more values than fit into memory.
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <vector>

#include "c_interface/handles.h"
#include "c_interface/values.h"
#include "millrace/millrace.h"

namespace millrace::c_interface {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

// Allows for a sanitizer and a busy machine; without a bound none of these calls would end.
constexpr auto kSoon = 20s;

millrace_value array_of(const millrace_value* items, size_t count) {
  millrace_value value = millrace_empty_value();
  value.type = MILLRACE_VALUE_ARRAY;
  value.as.array = {items, count};
  return value;
}

// `levels` arrays; the `width` elements of each are the next array.
class Shared {
 public:
  Shared(size_t levels, size_t width) : arrays_(levels, std::vector<millrace_value>(width)) {
    millrace_value inner = millrace_integer_value(1);
    for (std::vector<millrace_value>& array : arrays_) {
      for (millrace_value& element : array) element = inner;
      inner = array_of(array.data(), array.size());
    }
    top_ = inner;
  }
  // Makes the innermost elements the outermost array.
  void close_circle() {
    for (millrace_value& element : arrays_.front()) element = top_;
  }
  const millrace_value& top() const { return top_; }

 private:
  std::vector<std::vector<millrace_value>> arrays_;
  millrace_value top_;
};

class SharedValuesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    millrace_config* config = millrace_config_new();
    ASSERT_EQ(millrace_config_set_endpoint(config, "http://127.0.0.1:1"), MILLRACE_OK);
    ASSERT_EQ(millrace_create(config, &collector_), MILLRACE_OK);
    millrace_config_free(config);
    start_ = Clock::now();
  }
  void TearDown() override {
    EXPECT_LT(Clock::now() - start_, kSoon);
    millrace_shutdown(collector_, 1);
    millrace_destroy(collector_);
  }
  millrace_code collect(const millrace_value& value) {
    const millrace_attribute attribute = {millrace_text_of("shared"), value};
    millrace_span span;
    millrace_span_init(&span, "name");
    span.attributes = &attribute;
    span.attribute_count = 1;
    return millrace_collect_span(collector_, &span);
  }
  uint64_t too_large(millrace_signal signal) {
    millrace_statistics* statistics = millrace_statistics_of(collector_);
    millrace_signal_statistics counts{.struct_size = sizeof counts};
    EXPECT_EQ(millrace_statistics_signal(statistics, signal, &counts), MILLRACE_OK);
    millrace_statistics_free(statistics);
    return counts.refused_too_large;
  }

  millrace_collector* collector_ = nullptr;
  Clock::time_point start_;
};

TEST_F(SharedValuesTest, TwentyFiveLevelsOfTwoEndAtTheDepthThatIsAllowed) {
  const Shared shared(25, 2);
  EXPECT_EQ(collect(shared.top()), MILLRACE_OK) << "what lies deeper is left out";
}

TEST_F(SharedValuesTest, TwentyFiveLevelsOfTenAreTooLargeAndCounted) {
  const Shared shared(25, 10);
  EXPECT_EQ(collect(shared.top()), MILLRACE_TOO_LARGE);
  EXPECT_EQ(too_large(MILLRACE_TRACES), 1u);
}

TEST_F(SharedValuesTest, AnArrayThatHoldsItselfEnds) {
  Shared one(1, 1);
  one.close_circle();
  EXPECT_EQ(collect(one.top()), MILLRACE_OK);
  Shared many(3, 10);
  many.close_circle();
  EXPECT_EQ(collect(many.top()), MILLRACE_TOO_LARGE);
}

TEST_F(SharedValuesTest, ALargeTextInEachOfManyPlacesIsTooLarge) {
  const std::vector<char> text(1 << 20, 'x');
  millrace_value value = millrace_empty_value();
  value.type = MILLRACE_VALUE_TEXT;
  value.as.text = {text.data(), text.size()};
  const std::vector<millrace_value> many(100'000, value);
  EXPECT_EQ(collect(array_of(many.data(), many.size())), MILLRACE_TOO_LARGE);
}

TEST_F(SharedValuesTest, ACountThatNoMemoryHasIsTooLarge) {
  const millrace_value one = millrace_integer_value(1);
  EXPECT_EQ(collect(array_of(&one, SIZE_MAX / sizeof one)), MILLRACE_TOO_LARGE);
}

TEST_F(SharedValuesTest, AllAttributesOfAnItemShareOneAllowance) {
  const Shared shared(4, 20);  // 168,420 values
  const std::vector<millrace_attribute> attributes(
      100, millrace_attribute{millrace_text_of("shared"), shared.top()});
  millrace_log_record record;
  millrace_log_record_init(&record, MILLRACE_SEVERITY_INFO, "body");
  record.attributes = attributes.data();
  record.attribute_count = attributes.size();
  EXPECT_EQ(millrace_collect_log(collector_, &record), MILLRACE_TOO_LARGE);
  EXPECT_EQ(too_large(MILLRACE_LOGS), 1u);
}

TEST_F(SharedValuesTest, ABuilderThatWasGivenTooMuchIsTooLarge) {
  const Shared shared(25, 10);
  millrace_span_builder* builder = millrace_span_builder_new("name");
  millrace_span_builder_set_value(builder, "shared", &shared.top());
  EXPECT_EQ(millrace_collect_builder(collector_, builder), MILLRACE_TOO_LARGE);
  millrace_span_builder_reset(builder, "name");
  const millrace_attribute attribute = {millrace_text_of("shared"), shared.top()};
  millrace_span_event event{};
  event.name = millrace_text_of("event");
  event.attributes = &attribute;
  event.attribute_count = 1;
  millrace_span_builder_add_event(builder, &event);
  EXPECT_EQ(millrace_collect_builder(collector_, builder), MILLRACE_TOO_LARGE);
  millrace_span_builder_free(builder);
}

TEST_F(SharedValuesTest, AResourceAttributeThatIsTooLargeIsRefused) {
  const Shared shared(25, 10);
  millrace_config* config = millrace_config_new();
  EXPECT_EQ(millrace_config_add_resource_attribute(config, "shared", &shared.top()),
            MILLRACE_TOO_LARGE);
  millrace_config_free(config);
}

TEST_F(SharedValuesTest, AnArrayAsLargeAsAnItemMayBeIsTaken) {
  const std::vector<millrace_value> many(200'000, millrace_integer_value(1));
  EXPECT_EQ(collect(array_of(many.data(), many.size())), MILLRACE_OK) << "4 bytes each";
}

}  // namespace
}  // namespace millrace::c_interface
