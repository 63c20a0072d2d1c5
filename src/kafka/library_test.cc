#include "kafka/library.h"

#include <gtest/gtest.h>

namespace millrace::kafka {
namespace {

TEST(KafkaLibraryTest, EveryFunctionIsFound) {
  const auto library = load_library();
  ASSERT_TRUE(library) << library.error().message;
  EXPECT_GE(std::string((*library)->version_str()), "2.0");
}

TEST(KafkaLibraryTest, AMissingLibraryNamesItsPackage) {
  const auto library = load_library("librdkafka-of-nobody.so.1");
  ASSERT_FALSE(library);
  EXPECT_TRUE(library.error().message.contains("librdkafka1")) << library.error().message;
}

TEST(KafkaLibraryTest, AnotherLibraryIsRefusedByItsMissingFunction) {
  const auto library = load_library("libz.so.1");
  ASSERT_FALSE(library);
  EXPECT_TRUE(library.error().message.contains("has no function rd_kafka_"))
      << library.error().message;
}

TEST(KafkaLibraryTest, ItIsMappedWhenItWasLoaded) {
  EXPECT_FALSE(is_library_mapped("librdkafka-of-nobody.so.1"));
  ASSERT_TRUE(load_library());
  EXPECT_TRUE(is_library_mapped());
}

}  // namespace
}  // namespace millrace::kafka
