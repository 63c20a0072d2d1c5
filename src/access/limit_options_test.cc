#include "access/limit_options.h"

#include <gtest/gtest.h>

#include "yaml/parse.h"

namespace millrace::access {
namespace {

std::string read(std::string_view text, LimitOptions& into) {
  const auto root = yaml::parse(text, "a.yaml");
  EXPECT_TRUE(root.has_value()) << root.error().message;
  config::Diagnostics diagnostics;
  config::Section section(*root, diagnostics, "limits");
  read_limits(section, into);
  section.finish();
  return diagnostics.to_text();
}

std::string mistakes(std::string_view text) {
  LimitOptions options;
  return read(text, options);
}

TEST(LimitOptionsTest, EveryKeyIsRead) {
  LimitOptions options;
  EXPECT_EQ(read("{key: \"header:X-Tenant\", requests_per_second: 0.5, requests_burst: 3, "
                 "items_per_second: 1000, bytes_per_second: 1e6, bytes_burst: 2000000, "
                 "clients_max: 7}",
                 options),
            "");
  EXPECT_EQ(options.key, LimitOptions::Key::kHeader);
  EXPECT_EQ(options.header, "x-tenant");
  EXPECT_EQ(options.requests.per_second, 0.5);
  EXPECT_EQ(options.requests.burst, 3);
  EXPECT_EQ(options.items.per_second, 1000);
  EXPECT_EQ(options.items.burst, 0);
  EXPECT_EQ(options.bytes.burst, 2e6);
  EXPECT_EQ(options.clients_max, 7u);
}

TEST(LimitOptionsTest, MistakesAreNamed) {
  EXPECT_TRUE(mistakes("").contains("no limit is set"));
  EXPECT_TRUE(mistakes("{key: tenant, items_per_second: 1}").contains("found \"tenant\""));
  EXPECT_TRUE(
      mistakes("{key: \"header:\", items_per_second: 1}").contains("expected client_address"));
  EXPECT_TRUE(mistakes("{requests_per_second: -1}").contains("requests_per_second"));
  EXPECT_TRUE(mistakes("{items_burst: 5, bytes_per_second: 1}").contains("has no effect without"));
  EXPECT_TRUE(mistakes("{item_per_second: 5}").contains("items_per_second")) << "the nearest name";
}

}  // namespace
}  // namespace millrace::access
