#include "connectors/servicegraph/options.h"

#include <gtest/gtest.h>

#include <string>

#include "config/testing/read_section.h"

namespace millrace::connectors::servicegraph {
namespace {

// Returns the errors; warnings are left out.
std::string read(std::string_view text, Options& options) {
  const config::Diagnostics diagnostics =
      testing::read_section(text, "connectors::service_graph",
                            [&](config::Section& section) { read_options(section, options); });
  return diagnostics.has_errors() ? diagnostics.to_text() : "";
}

TEST(OptionsTest, AllKeysAreRead) {
  Options options;
  EXPECT_EQ(read("{}", options), "");
  EXPECT_EQ(options.bounds.size(), 16u);
  EXPECT_EQ(
      read("{latency_histogram_buckets: [1ms, 2s], dimensions: [a], store: {max_items: 5, ttl: "
           "3s}, cache_loop: 1m, store_expiration_loop: 4s, virtual_node_peer_attributes: [], "
           "virtual_node_extra_label: true, metrics_flush_interval: 0s, "
           "database_name_attributes: [d], metrics_timestamp_offset: 1s}",
           options),
      "");
  EXPECT_EQ(options.bounds, (std::vector<double>{0.001, 2}));
  EXPECT_EQ(options.dimensions, std::vector<std::string>{"a"});
  EXPECT_EQ(options.edges_max, 5u);
  EXPECT_EQ(options.edge_ttl, 3s);
  EXPECT_EQ(options.expiration_interval, 4s);
  EXPECT_TRUE(options.peer_attributes.empty());
  EXPECT_TRUE(options.has_virtual_node_label);
  EXPECT_EQ(options.flush_interval, 0s);
  EXPECT_EQ(options.database_attributes, std::vector<std::string>{"d"});
  EXPECT_EQ(options.timestamp_offset, 1s);
  Options exponential;
  EXPECT_EQ(read("exponential_histogram_max_size: 40", exponential), "");
  EXPECT_TRUE(exponential.is_exponential);
  EXPECT_EQ(exponential.buckets_max, 40u);
}

TEST(OptionsTest, MistakesAreNamed) {
  const auto names = [](std::string_view text, std::string_view word) {
    Options options;
    return read(text, options).find(word) != std::string::npos;
  };
  EXPECT_TRUE(names("latency_histogram_buckets: [2s, 1s]", "rising"));
  EXPECT_TRUE(names("latency_histogram_buckets: [x]", "duration"));
  EXPECT_TRUE(
      names("{latency_histogram_buckets: [1s], exponential_histogram_max_size: 3}", "either"));
  EXPECT_TRUE(names("exponential_histogram_max_size: -1", "exponential_histogram_max_size"));
  EXPECT_TRUE(names("database_name_attribute: a", "database_name_attributes"));
}

}  // namespace
}  // namespace millrace::connectors::servicegraph
