#include <gtest/gtest.h>

#include <string>

#include "processors/resourcedetection/environment_list.h"
#include "processors/resourcedetection/testing/fake_world.h"
#include "wire/utf8.h"

namespace millrace::processors::resourcedetection {
namespace {

using testing::FakeWorld;
using testing::found_by;

struct ListCase {
  const char* list;
  const char* found;
};

const ListCase kLists[] = {
    {"a=1", "a=1"},
    {"a=1,b=2", "a=1 b=2"},
    {" a = 1 , b=two%20words+more ", "a=1 b=two words more"},
    {"a=1,", "a=1"},
    {"a=", "a="},
    {"a=b=c", "a=b=c"},
    {"a=1,a=2", "a=2"},
    {"a=1,b,c=2", "a=1 b,c=2"},  // a comma in a key, as in otelcol
    {"a=1,,b=2", "a=1 ,b=2"},
    {"k=caf%C3%A9", "k=caf\xc3\xa9"},
    {"k=%FF", "k=\xef\xbf\xbd"},
};

TEST(EnvDetectorTest, ListsAsOtelcolReadsThem) {
  for (const ListCase& c : kLists) {
    FakeWorld world;
    world.variables["OTEL_RESOURCE_ATTRIBUTES"] = c.list;
    EXPECT_EQ(found_by("env", world), c.found) << c.list;
  }
}

TEST(EnvDetectorTest, MistakeAnywhereIsAnError) {
  for (const char* list : {"a", "a=1,b", "k=%4", "k=%zz", "k=caf\xc3\xa9"}) {
    FakeWorld world;
    world.variables["OTEL_RESOURCE_ATTRIBUTES"] = list;
    EXPECT_TRUE(found_by("env", world).starts_with("error: OTEL_RESOURCE_ATTRIBUTES: invalid"))
        << list;
  }
}

TEST(EnvDetectorTest, OldVariableIsReadWhereTheNewOneIsBlank) {
  FakeWorld world;
  EXPECT_EQ(found_by("env", world), "");
  world.variables = {{"OTEL_RESOURCE_ATTRIBUTES", "  "}, {"OTEL_RESOURCE", "old=1"}};
  EXPECT_EQ(found_by("env", world), "old=1");
  world.variables["OTEL_RESOURCE_ATTRIBUTES"] = "new=1";
  EXPECT_EQ(found_by("env", world), "new=1");
}

TEST(EnvDetectorTest, LongValueIsAnError) {
  EXPECT_TRUE(parse_environment_list("a=" + std::string(256, 'x')));
  EXPECT_FALSE(parse_environment_list("a=" + std::string(257, 'x')));
}

}  // namespace
}  // namespace millrace::processors::resourcedetection
