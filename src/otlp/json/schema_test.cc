#include "otlp/json/schema.h"

#include <gtest/gtest.h>

namespace millrace::otlp::json {
namespace {

TEST(SchemaTest, EveryFieldIsFoundByNameAndNumber) {
  for (size_t id = 0; id < kMessageCount; ++id) {
    const Message& table = message(static_cast<MessageId>(id));
    ASSERT_LE(table.fields.size(), kFieldsMax);
    for (const Field& field : table.fields) {
      EXPECT_EQ(table.find(field.name), &field) << table.name << "." << field.name;
      EXPECT_EQ(table.find(uint32_t{field.number}), &field) << table.name << "." << field.name;
    }
    EXPECT_EQ(table.find("noSuchField"), nullptr);
    EXPECT_EQ(table.find(""), nullptr);
    EXPECT_EQ(table.find(0u), nullptr);
    EXPECT_EQ(table.find(4'000'000u), nullptr);
  }
}

TEST(SchemaTest, TablesStandInTheOrderOfTheirIds) {
  EXPECT_EQ(message(MessageId::kSpan).name, "Span");
  EXPECT_EQ(message(MessageId::kQuantile).name, "ValueAtQuantile");
  EXPECT_EQ(message(MessageId::kLogRecord).name, "LogRecord");
  EXPECT_EQ(message(MessageId::kKeyValueAndUnit).name, "KeyValueAndUnit");
  EXPECT_EQ(message(request_message(Signal::kLogs)).name, "ExportLogsServiceRequest");
  EXPECT_EQ(message(response_message(Signal::kProfiles)).name, "ExportProfilesServiceResponse");
}

TEST(SchemaTest, EnumNames) {
  int32_t value = -1;
  EXPECT_TRUE(find_enum_value(EnumId::kSpanKind, "SPAN_KIND_CONSUMER", &value));
  EXPECT_EQ(value, 5);
  EXPECT_TRUE(find_enum_value(EnumId::kSeverityNumber, "SEVERITY_NUMBER_INFO", &value));
  EXPECT_EQ(value, 9);
  EXPECT_TRUE(find_enum_value(EnumId::kSeverityNumber, "SEVERITY_NUMBER_FATAL4", &value));
  EXPECT_EQ(value, 24);
  EXPECT_FALSE(find_enum_value(EnumId::kSeverityNumber, "SEVERITY_NUMBER_INFO5", &value));
  EXPECT_FALSE(find_enum_value(EnumId::kStatusCode, "SPAN_KIND_SERVER", &value));
}

}  // namespace
}  // namespace millrace::otlp::json
