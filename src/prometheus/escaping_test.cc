#include "prometheus/escaping.h"

#include <gtest/gtest.h>

namespace millrace::prometheus {
namespace {

TEST(EscapingTest, FollowsTheScheme) {
  const struct {
    std::string_view name;
    std::string_view underscores;
    std::string_view dots;
    std::string_view values;
  } kCases[] = {
      {"plain_name:x", "plain_name:x", "plain_name:x", "plain_name:x"},
      {"http.status_sum", "http_status_sum", "http_dot_status__sum", "U__http_2e_status__sum"},
      {"a b", "a_b", "a__b", "U__a_20_b"},
      {"9x", "_x", "__x", "U___39_x"},
      {"\xE8\x8A\xB1", "_", "__", "U___82b1_"},
      {"\xF0\x9F\x98\x80", "_", "__", "U___1f600_"},
      {"\xF4\x8F\xBF\xBF", "_", "__", "U___10ffff_"},
      {"\xF4\x90\x80\x80", "____", "________", "U___fffd__fffd__fffd__fffd_"},
      {"\xED\xA0\x80", "___", "______", "U___fffd__fffd__fffd_"},
      {"\xE0\x80\x80", "___", "______", "U___fffd__fffd__fffd_"},
      {"\xC3", "_", "__", "U___fffd_"},
      {"a\xFF", "a_", "a__", "U__a_fffd_"},
      {"", "", "", ""},
  };
  for (const auto& [name, underscores, dots, values] : kCases) {
    EXPECT_EQ(escape_metric_name(name, Escaping::kAllowUtf8), name);
    EXPECT_EQ(escape_metric_name(name, Escaping::kUnderscores), underscores);
    EXPECT_EQ(escape_metric_name(name, Escaping::kDots), dots);
    EXPECT_EQ(escape_metric_name(name, Escaping::kValues), values);
  }
}

TEST(EscapingTest, AColonIsPlainInMetricsOnly) {
  EXPECT_EQ(escape_metric_name("a:b", Escaping::kUnderscores), "a:b");
  EXPECT_EQ(escape_label_name("a:b", Escaping::kUnderscores), "a_b");
  EXPECT_FALSE(is_plain_label_name("a:b"));
  EXPECT_TRUE(is_plain_metric_name("a:b"));
  EXPECT_FALSE(is_plain_metric_name("9"));
  EXPECT_FALSE(is_plain_metric_name(""));
}

}  // namespace
}  // namespace millrace::prometheus
