#include "ottl/edited_map.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "memory/testing/test_work.h"
#include "otlp/admit.h"
#include "ottl/compile.h"
#include "ottl/record_writer.h"
#include "ottl/walk.h"
#include "wire/writer.h"

namespace millrace::ottl {
namespace {

void add_attribute(wire::Writer* into, uint32_t field, const std::string& key,
                   std::string_view text) {
  write_entry({key, Value::of_string(text)}, field, into);
}

// --- Against a map that was made.

constexpr uint32_t kAttributes = 6;

std::string list_entries(const Value& map) {
  std::string text;
  for_each_entry(map, [&](std::string_view key, const Value& value) {
    text += std::string(key) + "=" + std::string(value.text) + " ";
    return true;
  });
  return text;
}

// Keys of one letter, some of them several times, between other fields.
std::string record_of(std::mt19937& random, size_t count) {
  wire::Writer writer;
  for (size_t i = 0; i < count; i++) {
    const std::string key(1, static_cast<char>('a' + random() % 26));
    add_attribute(&writer, kAttributes, key, std::to_string(i));
    if (random() % 3 == 0) writer.varint_field(7, i);
  }
  return writer.to_string();
}

TEST(EditedMapTest, ManyChangesGiveWhatTheyGiveOfAMapWithoutABase) {
  static constexpr std::string_view kKeys[] = {"a", "b", "c", "d",   "e",
                                               "f", "g", "h", "new", "other"};
  std::mt19937 random(7);
  for (size_t round = 0; round < 200; round++) {
    const std::string record = record_of(random, round % 100);
    Scratch scratch;
    const Value received = Value::of_attributes(as_span(record), kAttributes);
    Map* const edited = to_edited_map(received, scratch);
    Map* const made = to_own_map(received, scratch);
    for (size_t step = 0; step < 1 + round % 12; step++) {
      const std::string_view key = kKeys[random() % std::size(kKeys)];
      if (random() % 3 == 0) {
        const auto is_wanted = [&](std::string_view name) { return name <= key; };
        ASSERT_EQ(any_key(Value::of_map(edited), is_wanted),
                  any_key(Value::of_map(made), is_wanted));
        ASSERT_TRUE(remove_keys(edited, is_wanted, scratch));
        ASSERT_TRUE(remove_keys(made, is_wanted, scratch));
      } else {
        const Value value = Value::of_string(scratch.keep(std::to_string(step)));
        *edit_entry(edited, key, scratch) = value;
        *edit_entry(made, key, scratch) = value;
      }
      const Value now = Value::of_map(edited);
      ASSERT_EQ(list_entries(now), list_entries(Value::of_map(made)));
      ASSERT_EQ(list_entries(copy_value(now, scratch)), list_entries(now));
      ASSERT_EQ(list_entries(copy_deep(now, scratch)), list_entries(now));
      ASSERT_EQ(list_entries(copy_deep(now, scratch, as_span(record))), list_entries(now));
      ASSERT_EQ(find_entry(now, key).has_value(), made->find(key) != nullptr);
    }
  }
}

// --- In a request.

// A value in two parts and an unknown field; a key whose length is not minimal.
std::string odd_attribute(uint32_t field) {
  wire::Writer writer;
  const auto entry = writer.open(field);
  writer.raw(as_span(std::string_view("\x0a\x83\x00odd", 6)));
  writer.string_field(2, std::string_view("\x0a\x01"
                                          "a",
                                          3));
  writer.string_field(2, std::string_view("\x0a\x01"
                                          "b",
                                          3));
  writer.string_field(77, "unknown");
  writer.close(entry);
  return writer.to_string();
}

void add_message(wire::Writer* into, uint32_t field, uint32_t attributes) {
  const auto message = into->open(field);
  add_attribute(into, attributes, "first", "1");
  into->raw(as_span(odd_attribute(attributes)));
  add_attribute(into, attributes, "last", "2");
  into->close(message);
}

// One resource, scope and span with an event; each has the odd attribute.
std::string request() {
  wire::Writer writer;
  const auto resource_x = writer.open(1);
  add_message(&writer, 1, otlp::kResourceAttributes);
  const auto scope_x = writer.open(2);
  add_message(&writer, 1, otlp::kScopeAttributes);
  const auto span = writer.open(2);
  writer.string_field(5, "name");
  add_attribute(&writer, otlp::kSpanAttributes, "first", "1");
  writer.raw(as_span(odd_attribute(otlp::kSpanAttributes)));
  add_message(&writer, otlp::kSpanEvents, otlp::kEventAttributes);
  add_attribute(&writer, otlp::kSpanAttributes, "last", "2");
  writer.close(span);
  writer.close(scope_x);
  writer.close(resource_x);
  return writer.to_string();
}

class Statements final : public Visitor {
 public:
  Statements(Context context, const std::vector<std::string>& texts) {
    options.visited = context_bit(context);
    for (const std::string& text : texts) {
      auto compiled = compile_statement(text, {context, Prefix::kRequired});
      EXPECT_TRUE(compiled.has_value()) << text;
      options.changed_below |= static_cast<ContextSet>(compiled->written & ~context_bit(context));
      statements_.push_back(std::move(*compiled));
    }
  }
  Fate visit(Context, Item& item, Scratch& scratch) override {
    Map cache;
    item.cache = &cache;
    Evaluation evaluation(item, scratch);
    for (const CompiledStatement& statement : statements_) EXPECT_TRUE(evaluation.run(statement));
    return Fate::kKeep;
  }
  WalkOptions options;

 private:
  std::vector<CompiledStatement> statements_;
};

size_t count_of(std::string_view part, std::string_view text) {
  size_t count = 0;
  for (size_t at = text.find(part); at != std::string_view::npos; at = text.find(part, at + 1)) {
    count++;
  }
  return count;
}

std::string walked(Context context, const std::vector<std::string>& statements) {
  testing::TestWork own;
  Statements visitor(context, statements);
  const auto walked = walk_request(visitor.options, Signal::kTraces,
                                   Rope(Bytes::copy_of(request())), visitor, own.work);
  EXPECT_TRUE(walked.has_value());
  return std::string(as_text(walked->request.to_bytes().view()));
}

// Statements of `context` on the attributes of `changed`.
void expect_kept(Context context, std::string_view changed, uint32_t field) {
  const std::string attributes = std::string(changed) + ".attributes";
  const std::string text = walked(context, {"set(" + attributes + "[\"new\"], \"3\")",
                                            "set(" + attributes + "[\"last\"], \"4\")",
                                            "delete_key(" + attributes + ", \"first\")"});
  EXPECT_TRUE(otlp::admit(Signal::kTraces, Bytes::copy_of(text).view()).has_value());
  EXPECT_EQ(count_of(odd_attribute(field), text), field == 3 ? 2u : 1u) << changed;
  EXPECT_EQ(count_of("\x0a\x03new", text), 1u) << changed;
  EXPECT_EQ(count_of("first", text), 3u) << changed;
}

TEST(EditedMapTest, OtherAttributesStayByteForByte) {
  expect_kept(Context::kResource, "resource", otlp::kResourceAttributes);
  expect_kept(Context::kScope, "scope", otlp::kScopeAttributes);
  expect_kept(Context::kSpan, "span", otlp::kSpanAttributes);
  expect_kept(Context::kSpanEvent, "spanevent", otlp::kEventAttributes);
}

TEST(EditedMapTest, OtherAttributesStayByteForByteInMessagesAroundAnItem) {
  expect_kept(Context::kSpan, "resource", otlp::kResourceAttributes);
  expect_kept(Context::kSpanEvent, "span", otlp::kSpanAttributes);
}

TEST(EditedMapTest, ChangedAttributesKeepTheirPlace) {
  const std::string text = walked(Context::kSpan, {R"(set(span.attributes["first"], "5"))"});
  std::string expected = request();
  const size_t at = expected.rfind(
      "first\x12\x03\x0a\x01"
      "1",
      expected.find("name") + 20);
  ASSERT_NE(at, std::string::npos);
  expected[at + 9] = '5';
  EXPECT_EQ(text, expected);
}

}  // namespace
}  // namespace millrace::ottl
