#include "item_identity/identity.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "otlp/attribute_list.h"
#include "wire/writer.h"

namespace millrace::item_identity {
namespace {

using Attributes = std::vector<std::pair<std::string, std::string>>;  // key, content of AnyValue

Identity of(const Attributes& attributes, Identity seed = {1, 2}) {
  wire::Writer w;
  for (const auto& [key, value] : attributes) {
    const auto entry = w.open(1);
    w.string_field(1, key);
    w.string_field(2, value);
    w.close(entry);
  }
  Pace pace;
  return IdentityMaker(seed, pace).of_attributes(w.view(), 1);
}

TEST(IdentityTest, TheOrderOfAttributesHasNoMeaning) {
  const auto a = otlp::encode_string_value("1");
  const auto b = otlp::encode_string_value("2");
  EXPECT_EQ(of({{"x", a}, {"y", b}}), of({{"y", b}, {"x", a}}));
  EXPECT_NE(of({{"x", a}, {"y", b}}), of({{"x", b}, {"y", a}}));
}

TEST(IdentityTest, TypesOfValuesDiffer) {
  EXPECT_NE(of({{"x", otlp::encode_string_value("")}}), of({{"x", ""}}));
  EXPECT_NE(of({{"x", otlp::encode_int_value(1)}}), of({{"x", otlp::encode_bool_value(1)}}));
  EXPECT_NE(of({{"x", otlp::encode_int_value(0)}}), of({{"x", otlp::encode_double_value(0)}}));
  EXPECT_NE(of({}), of({{"", ""}}));
}

TEST(IdentityTest, TheSeedDecides) {
  const Attributes attributes = {{"x", otlp::encode_string_value("1")}};
  EXPECT_NE(of(attributes, {1, 2}), of(attributes, {1, 3}));
  EXPECT_NE(of(attributes, {1, 2}).low, of(attributes, {2, 2}).low);
}

TEST(IdentityTest, AppendingHasAnOrder) {
  Identity one{1, 1};
  one.append(Identity{2, 2});
  Identity other{2, 2};
  other.append(Identity{1, 1});
  EXPECT_NE(one, other);
}

}  // namespace
}  // namespace millrace::item_identity
