#include "daemon/generate/message_tree.h"

#include <gtest/gtest.h>

namespace millrace::load {
namespace {

struct Case {
  Field field;
  std::string protobuf;
  std::string json;
};

TEST(MessageTreeTest, FieldsHaveBothForms) {
  const Case cases[] = {
      {string_field(1, "s", "a\"\\\n"),
       "\x0a\x04"
       "a\"\\\n",
       R"({"s":"a\"\\\n"})"},
      {bool_field(2, "b", 1), "\x10\x01", R"({"b":true})"},
      {enum_field(6, "kind", 3), "\x30\x03", R"({"kind":3})"},
      {integer_field(3, "intValue", 300), "\x18\xac\x02", R"({"intValue":"300"})"},
      {integer_field(3, "intValue", -1), "\x18\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
       R"({"intValue":"-1"})"},
      {double_field(4, "d", 0.5), std::string("\x21\0\0\0\0\0\0\xe0\x3f", 9), R"({"d":0.5})"},
      {fixed64_field(4, "count", 1), std::string("\x21\x01\0\0\0\0\0\0\0", 9), R"({"count":"1"})"},
      {packed_fixed64_field(6, "c", {1, 2}),
       std::string("\x32\x10\x01\0\0\0\0\0\0\0\x02\0\0\0\0\0\0\0", 18), R"({"c":["1","2"]})"},
      {packed_doubles_field(7, "e", {}), std::string("\x3a\0", 2), R"({"e":[]})"},
      {message_field(2, "m", {bool_field(2, "b", 0)}), std::string("\x12\x02\x10\0", 4),
       R"({"m":{"b":false}})"},
  };
  for (const Case& each : cases) {
    EXPECT_EQ(to_protobuf({each.field}).bytes(), each.protobuf) << each.json;
    EXPECT_EQ(to_json({each.field}).bytes(), each.json);
  }
}

TEST(MessageTreeTest, RepeatedNeighboursFormOneArray) {
  const Message message = {bool_field(1, "before", 1), repeated_field(2, "all", {}),
                           repeated_field(2, "all", {bool_field(1, "x", 1)}),
                           repeated_field(3, "others", {}), bool_field(4, "after", 0)};
  EXPECT_EQ(to_json(message).bytes(),
            R"({"before":true,"all":[{},{"x":true}],"others":[{}],"after":false})");
}

TEST(MessageTreeTest, SlotsMoveWithTheirMessages) {
  const Message message = {
      string_field(1, "s", std::string(200, 'x')),
      message_field(2, "m",
                    {bool_field(1, "b", 1), span_id_field(2, "spanId", 5), time_field(7, "t", 9)})};
  const Fragment protobuf = to_protobuf(message);
  ASSERT_EQ(protobuf.slots().size(), 2u);
  EXPECT_EQ(protobuf.slots()[0].offset, 203u + 2 + 2 + 2);
  EXPECT_EQ(protobuf.slots()[0].argument, 5);
  EXPECT_EQ(protobuf.slots()[1].offset, 203u + 2 + 2 + 2 + 8 + 1);
  EXPECT_EQ(protobuf.slots()[1].kind, SlotKind::kTimeFixed64);
  const Fragment json = to_json(message);
  ASSERT_EQ(json.slots().size(), 2u);
  EXPECT_EQ(json.bytes().substr(json.slots()[0].offset - 10, 10), R"("spanId":")");
  EXPECT_EQ(json.bytes().substr(json.slots()[1].offset - 5, 5), R"("t":")");
}

}  // namespace
}  // namespace millrace::load
