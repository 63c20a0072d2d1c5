#include "extensions/console/item_fields.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "extensions/console/item_changes.h"
#include "extensions/console/proto_writer.h"
#include "otlp/example_requests.h"

namespace millrace::extensions::console {
namespace {

ItemFields first_of(Signal signal, const Bytes& request) {
  const ItemList list(request);
  const ItemList::Item& item = list.items.at(0);
  return fields_of_item(signal, list.resource_of(item), list.scope_of(item), item.bytes);
}

std::string value(const ItemFields& fields, std::string_view path) {
  const auto found = std::ranges::find(fields.fields, path, &ItemField::path);
  return found == fields.fields.end() ? "none" : found->value;
}

bool has_path_with(const ItemFields& fields, std::string_view part) {
  return std::ranges::any_of(fields.fields,
                             [&](const ItemField& field) { return field.path.contains(part); });
}

TEST(ItemFieldsTest, PathsAreThoseOfStatements) {
  const ItemFields span =
      first_of(Signal::kTraces, otlp::example_request_with_everything(Signal::kTraces));
  EXPECT_EQ(value(span, "trace_id").size(), 32u);
  EXPECT_NE(value(span, "name"), "none");
  EXPECT_NE(value(span, "status.code"), "none");
  EXPECT_TRUE(has_path_with(span, "attributes[\""));
  EXPECT_TRUE(has_path_with(span, "resource.attributes[\""));
  EXPECT_TRUE(has_path_with(span, "events[0].name"));
  EXPECT_TRUE(has_path_with(span, "links[0].trace_id"));
  EXPECT_TRUE(has_path_with(span, "scope.name"));
  const ItemFields log =
      first_of(Signal::kLogs, otlp::example_request_with_everything(Signal::kLogs));
  EXPECT_TRUE(has_path_with(log, "body"));
  EXPECT_NE(value(log, "severity_number"), "none");
}

TEST(ItemFieldsTest, MetricsHaveTheirPoints) {
  const Bytes request = otlp::example_request_with_everything(Signal::kMetrics);
  const ItemList list(request);
  bool has_counts = false;
  bool has_value = false;
  for (const ItemList::Item& item : list.items) {
    const ItemFields metric =
        fields_of_item(Signal::kMetrics, list.resource_of(item), list.scope_of(item), item.bytes);
    has_counts |= has_path_with(metric, "histogram.data_points[0].bucket_counts");
    has_value |= has_path_with(metric, "data_points[0].as_");
  }
  EXPECT_TRUE(has_counts);
  EXPECT_TRUE(has_value);
}

TEST(ItemFieldsTest, DifferencesAreByPathAndOrder) {
  const ItemFields before{
      .fields = {{"name", "a"}, {"attributes[\"x\"]", "1"}, {"attributes[\"x\"]", "2"}}};
  const ItemFields after{
      .fields = {{"name", "b"}, {"attributes[\"x\"]", "1"}, {"attributes[\"y\"]", "3"}}};
  const auto changes = compare(before, after);
  ASSERT_EQ(changes.size(), 4u);
  EXPECT_EQ(changes[0].change, Change::kChanged);
  EXPECT_EQ(changes[0].before, "a");
  EXPECT_EQ(changes[0].after, "b");
  EXPECT_EQ(changes[1].change, Change::kSame);
  EXPECT_EQ(changes[2].change, Change::kRemoved);
  EXPECT_EQ(changes[2].before, "2");
  EXPECT_EQ(changes[3].change, Change::kAdded);
  EXPECT_EQ(changes[3].path, "attributes[\"y\"]");
}

TEST(ItemFieldsTest, LargeItemsAreCut) {
  using proto::field;
  std::string span = field(5, std::string(100'000, 'x'));
  for (int i = 0; i < 1000; ++i) span += field(9, field(1, "key" + std::to_string(i)));
  const Bytes request = Bytes::copy_of(field(1, field(2, field(2, span))));
  const ItemFields fields = first_of(Signal::kTraces, request);
  EXPECT_TRUE(fields.is_cut);
  EXPECT_EQ(fields.fields.size(), kFieldsMax);
  EXPECT_LE(fields.fields[0].value.size(), kFieldTextBytesMax + 3);
}

}  // namespace
}  // namespace millrace::extensions::console
