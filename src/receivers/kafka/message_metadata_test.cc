#include "receivers/kafka/message_metadata.h"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace millrace::receivers::kafka {
namespace {

using Headers = std::vector<std::pair<std::string, std::string>>;

// Functions of a library whose every message is in topic "t" and has `headers`.
Headers& headers() {
  static Headers all;
  return all;
}
millrace::kafka::Library fake_library() {
  millrace::kafka::Library library;
  library.topic_name = [](const rd_kafka_topic_t*) { return "t"; };
  library.message_headers = [](const rd_kafka_message_t*, rd_kafka_headers_t**) {
    return headers().empty() ? RD_KAFKA_RESP_ERR__NOENT : RD_KAFKA_RESP_ERR_NO_ERROR;
  };
  library.header_get_all = [](const rd_kafka_headers_t*, size_t i, const char** name,
                              const void** value, size_t* size) {
    if (i >= headers().size()) return RD_KAFKA_RESP_ERR__NOENT;
    *name = headers()[i].first.c_str();
    *value = headers()[i].second.empty() ? nullptr : headers()[i].second.data();
    *size = headers()[i].second.size();
    return RD_KAFKA_RESP_ERR_NO_ERROR;
  };
  return library;
}
rd_kafka_message_t message() {
  rd_kafka_message_t message{};
  message.partition = 3;
  message.offset = 41;
  return message;
}

TEST(MessageMetadataTest, PlaceAndHeadersAreEntriesAndNamesAreInLowerCase) {
  headers() = {{"X-Tenant", "blue"}, {"empty", ""}};
  Budget budget(1 << 20);
  const auto metadata = read_metadata(fake_library(), message(), budget);
  ASSERT_TRUE(metadata);
  EXPECT_EQ((*metadata)->find("kafka.topic"), "t");
  EXPECT_EQ((*metadata)->find("kafka.partition"), "3");
  EXPECT_EQ((*metadata)->find("kafka.offset"), "41");
  EXPECT_EQ((*metadata)->find("x-tenant"), "blue");
  EXPECT_EQ((*metadata)->entries.size(), 5u);
}

TEST(MessageMetadataTest, HeadersAreReservedUntilTheMetadataEnds) {
  headers() = {{"x", std::string(100'000, 'v')}};
  Budget budget(1 << 20);
  {
    const auto metadata = read_metadata(fake_library(), message(), budget);
    ASSERT_TRUE(metadata);
    const MetadataRef also = *metadata;
    EXPECT_GE(budget.used(MemoryTerm::kMessages), also->memory_bytes());
  }
  EXPECT_EQ(budget.used(MemoryTerm::kMessages), 0u);
}

TEST(MessageMetadataTest, ManySmallHeadersAreReservedAsEntries) {
  headers() = Headers(1000, {"", ""});
  Budget budget(1 << 20);
  const auto metadata = read_metadata(fake_library(), message(), budget);
  ASSERT_TRUE(metadata);
  EXPECT_GE(budget.used(MemoryTerm::kMessages), 1000 * sizeof(MetadataEntry));
}

TEST(MessageMetadataTest, WithoutMemoryTheyAreNotCopied) {
  headers() = {{"x", std::string(100'000, 'v')}};
  Budget small(50'000);
  EXPECT_EQ(read_metadata(fake_library(), message(), small).error().code, Code::kResourceExhausted);
  Budget full(1 << 20);
  const Reservation most = Reservation::make_beyond(full, MemoryTerm::kMessages, 1'000'000);
  EXPECT_EQ(read_metadata(fake_library(), message(), full).error().code, Code::kUnavailable);
  EXPECT_EQ(place_metadata(fake_library(), message())->entries.size(), 3u);
}

}  // namespace
}  // namespace millrace::receivers::kafka
