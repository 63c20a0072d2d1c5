#include "connectors/sum/source_value.h"

#include <gtest/gtest.h>

#include <cmath>

#include "otlp/attribute_list.h"

namespace millrace::connectors::sum {
namespace {

using otlp::AnyValueView;

double number_of_text(std::string_view text) {
  const std::string encoded = otlp::encode_string_value(text);
  return number_of(AnyValueView::read(as_span(encoded)));
}
std::optional<std::string> label_of_double(double number) {
  const std::string encoded = otlp::encode_double_value(number);
  return label_of(AnyValueView::read(as_span(encoded)));
}

TEST(SourceValueTest, TextsAreReadAsNumbers) {
  EXPECT_EQ(number_of_text("12.5"), 12.5);
  EXPECT_EQ(number_of_text("-3"), -3);
  EXPECT_EQ(number_of_text("0x1p-2"), 0.25);
  EXPECT_EQ(number_of_text("1_000"), 1000);
  for (const char* none : {"", "a", "1a", " 1", "NaN", "inf", "-Infinity", "1e999"}) {
    EXPECT_EQ(number_of_text(none), 0) << none;
  }
}

TEST(SourceValueTest, OtherTypesAddNothing) {
  const std::string of_bool = otlp::encode_bool_value(true);
  EXPECT_EQ(number_of(AnyValueView::read(as_span(of_bool))), 0);
  EXPECT_EQ(label_of(AnyValueView::read(as_span(of_bool))), std::nullopt);
  const std::string of_nan = otlp::encode_double_value(std::nan(""));
  EXPECT_EQ(number_of(AnyValueView::read(as_span(of_nan))), 0);
}

// Printed by Go's fmt.
TEST(SourceValueTest, LabelsOfNumbersAreGos) {
  EXPECT_EQ(label_of_double(100000), "100000");
  EXPECT_EQ(label_of_double(1e6), "1e+06");
  EXPECT_EQ(label_of_double(1234567), "1.234567e+06");
  EXPECT_EQ(label_of_double(1e20), "1e+20");
  EXPECT_EQ(label_of_double(0.0001), "0.0001");
  EXPECT_EQ(label_of_double(0.00001), "1e-05");
  EXPECT_EQ(label_of_double(-1.5), "-1.5");
  EXPECT_EQ(label_of_double(1e100), "1e+100");
  EXPECT_EQ(label_of_double(0), std::nullopt);
}

}  // namespace
}  // namespace millrace::connectors::sum
