#include <gtest/gtest.h>

#include <string>

#include "otlp/attribute_list.h"
#include "processors/logdedup/record_edit.h"
#include "processors/logdedup/record_key.h"
#include "wire/writer.h"

namespace millrace::processors::logdedup {
namespace {

std::string text_value(std::string_view text) { return otlp::encode_string_value(text); }

std::string field(uint32_t number, std::string_view content) {
  wire::Writer writer(64);
  writer.string_field(number, content);
  return writer.to_string();
}
std::string entry(std::string_view key, std::string_view any_value) {
  return field(1, key) + field(2, any_value);
}
std::string attribute(std::string_view key, std::string_view any_value) {
  return field(6, entry(key, any_value));
}
std::string mapping(std::initializer_list<std::string> entries) {
  std::string list;
  for (const std::string& each : entries) list += field(1, each);
  return field(6, list);
}

class RecordTest : public ::testing::Test {
 protected:
  RecordKey key(const std::string& record) {
    return key_of_record(keys_, otlp::LogRecordView::read(as_span(record)));
  }
  std::string without(const std::string& record, FieldPath path) {
    return without_fields(as_span(record), std::span(&path, 1), pace_);
  }
  Pace pace_;
  item_identity::IdentityMaker keys_{{1, 2}, pace_};
};

TEST_F(RecordTest, SameRecordsHaveTheSameKeyWhateverTheOrder) {
  const std::string a = attribute("a", text_value("1"));
  const std::string b = attribute("b", mapping({entry("x", text_value("1")), entry("y", "")}));
  const std::string b_turned =
      attribute("b", mapping({entry("y", ""), entry("x", text_value("1"))}));
  const std::string body = field(5, text_value("text"));
  EXPECT_EQ(key(a + b + body), key(body + b_turned + a));
  // Times, ids and flags do not count.
  wire::Writer times(32);
  times.fixed64_field(1, 5);
  times.fixed64_field(11, 6);
  EXPECT_EQ(key(a + body), key(times.to_string() + a + body + field(9, std::string(16, 'i'))));
}

TEST_F(RecordTest, DifferentRecordsHaveDifferentKeys) {
  const std::string severity("\x10\x09", 2);
  const std::string records[] = {
      "",
      field(5, text_value("a")),
      field(5, text_value("b")),
      attribute("a", text_value("a")),
      attribute("a", text_value("b")),
      attribute("b", text_value("a")),
      attribute("a", otlp::encode_int_value(1)),
      attribute("a", otlp::encode_bool_value(1)),
      attribute("a", otlp::encode_double_value(1)),
      attribute("a", text_value("1")),
      attribute("a", text_value("a")) + attribute("b", text_value("b")),
      attribute("a", text_value("b")) + attribute("b", text_value("a")),
      attribute("a", mapping({})),
      field(3, "INFO"),
      severity,
      severity + field(3, "INFO"),
  };
  for (size_t i = 0; i < std::size(records); ++i) {
    for (size_t j = 0; j < i; ++j) EXPECT_NE(key(records[i]), key(records[j])) << i << " " << j;
  }
}

TEST_F(RecordTest, IncludedFieldsAloneCount) {
  const FieldPath paths[] = {{.is_in_body = false, .keys = {"id"}},
                             {.is_in_body = true, .keys = {"a", "b"}}};
  const auto of = [&](const std::string& record) {
    return key_of_fields(keys_, otlp::LogRecordView::read(as_span(record)), paths);
  };
  const std::string id = attribute("id", text_value("7"));
  const std::string body = field(5, mapping({entry("a", mapping({entry("b", text_value("x"))}))}));
  EXPECT_EQ(of(id + attribute("other", text_value("1"))), of(id));
  EXPECT_NE(of(id), of(attribute("id", text_value("8"))));
  EXPECT_NE(of(id + body), of(id));
  EXPECT_NE(of(body), std::nullopt);
  EXPECT_EQ(of(attribute("other", text_value("1"))), std::nullopt);
  EXPECT_EQ(of(field(5, text_value("no mapping"))), std::nullopt);
}

TEST_F(RecordTest, FieldsAreRemovedWhereTheyStand) {
  const std::string a = attribute("a", text_value("1"));
  const std::string src = attribute(
      "src", mapping({entry("ip", text_value("10.0.0.1")), entry("port", text_value("80"))}));
  const std::string rest = field(3, "INFO") + field(100, "unknown");
  EXPECT_EQ(without(a + src + rest, {.is_in_body = false, .keys = {"a"}}), src + rest);
  EXPECT_EQ(without(a + src + rest, {.is_in_body = false, .keys = {}}), rest);
  EXPECT_EQ(without(src + rest, {.is_in_body = false, .keys = {"src", "ip"}}),
            attribute("src", mapping({entry("port", text_value("80"))})) + rest);
  EXPECT_EQ(without(a, {.is_in_body = false, .keys = {"a", "b"}}), a) << "no mapping";
  const std::string body = field(5, mapping({entry("t", text_value("1")), entry("m", "")}));
  EXPECT_EQ(without(body, {.is_in_body = true, .keys = {"t"}}),
            field(5, mapping({entry("m", "")})));
}

TEST_F(RecordTest, CountAndTimesReplaceWhatWasThere) {
  Options options;
  options.log_count_attribute = "n";
  wire::Writer old(64);
  old.fixed64_field(1, 5);
  old.fixed64_field(11, 6);
  const std::string record = old.to_string() + attribute("n", text_value("old")) +
                             attribute("kept", text_value("1")) + field(100, "unknown");
  const WallTime first{std::chrono::seconds(100)};
  const std::string made =
      with_count(record, {.count = 7, .first = first, .last = first + 5s}, options, first + 9s);
  const auto view = otlp::LogRecordView::read(as_span(made));
  EXPECT_EQ(view.time_unix_nano, 109'000'000'000u);
  EXPECT_EQ(view.observed_time_unix_nano, 100'000'000'000u);
  EXPECT_EQ(otlp::find_attribute(as_span(made), 6, "n")->int_value, 7);
  EXPECT_EQ(otlp::find_attribute(as_span(made), 6, "first_observed_timestamp")->text,
            "1970-01-01T00:01:40Z");
  EXPECT_EQ(otlp::find_attribute(as_span(made), 6, "last_observed_timestamp")->text,
            "1970-01-01T00:01:45Z");
  EXPECT_EQ(otlp::find_attribute(as_span(made), 6, "kept")->text, "1");
  EXPECT_TRUE(made.contains("unknown"));
  EXPECT_FALSE(made.contains("old"));
  EXPECT_LE(made.size(), record.size() + kCountedBytes + options.log_count_attribute.size());
}

}  // namespace
}  // namespace millrace::processors::logdedup
