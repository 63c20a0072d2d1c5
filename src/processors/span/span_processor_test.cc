#include "processors/span/span_processor.h"

#include <gtest/gtest.h>

#include <string>

#include "config/testing/read_section.h"
#include "otlp/admit.h"
#include "otlp/json/testing/json_request.h"

namespace millrace::processors::span {
namespace {

Options read(const std::string& yaml) {
  return testing::read_options_of<Options>(yaml, "processors::span", read_options);
}

// Edits a request with one span that has these fields.
std::string edited(const std::string& yaml, const std::string& fields) {
  const std::string before = R"({"resourceSpans":[{"scopeSpans":[{"spans":[{)";
  const std::string after = "}]}]}]}";
  testing::TestWork own;
  pipeline::Payload payload;
  payload.bytes = Rope(testing::request_of_json(Signal::kTraces, before + fields + after));
  payload.item_count = 1;
  const auto result = make_span_processor(read(yaml))->process(payload, own.work);
  if (!result) return result.error().message;
  const Bytes bytes = Bytes::copy_of(payload.bytes.to_bytes().view());
  EXPECT_TRUE(otlp::admit(Signal::kTraces, bytes.view()));
  const std::string json = testing::json_of_request(Signal::kTraces, Rope(bytes));
  EXPECT_TRUE(json.starts_with(before) && json.ends_with(after)) << json;
  return json.substr(before.size(), json.size() - before.size() - after.size());
}

std::string text(const std::string& key, const std::string& value) {
  return R"({"key":")" + key + R"(","value":{"stringValue":")" + value + R"("}})";
}

const std::string kAttributes =
    R"("attributes":[)" + text("db.svc", "location") + "," + text("operation", "get") +
    R"(,{"key":"id","value":{"intValue":"1234"}},{"key":"ok","value":{"boolValue":true}},)"
    R"({"key":"ratio","value":{"doubleValue":1e-07}},{"key":"list","value":{"arrayValue":{}}}])";

std::string named(const std::string& name) { return R"("name":")" + name + R"(",)" + kAttributes; }

TEST(SpanProcessorTest, NamesAreMadeOfAttributes) {
  const auto from = [](const std::string& more) {
    return "{name: {from_attributes: " + more + "}}";
  };
  EXPECT_EQ(edited(from("[db.svc, operation], separator: '::'"), named("old")),
            named("location::get"));
  EXPECT_EQ(edited(from("[db.svc, operation]"), named("old")), named("locationget"));
  EXPECT_EQ(edited(from("[id, ok, ratio, list], separator: ' '"), named("old")),
            named("1234 true 0.0000001 <unknown-attribute-type>"));
  // One that is missing: the name stays.
  EXPECT_EQ(edited(from("[db.svc, no]"), named("old")), named("old"));
  EXPECT_EQ(edited(from("[db.svc]"), R"("name":"old")"), R"("name":"old")");
  // A span without a name gets one.
  EXPECT_EQ(edited(from("[operation]"), kAttributes), kAttributes + R"(,"name":"get")");
}

std::string to(const std::string& rules, const std::string& more = "") {
  return "{name: {to_attributes: {rules: [" + rules + "]" + more + "}}}";
}
std::string with(const std::string& name, const std::string& list) {
  return R"("name":")" + name + R"(","attributes":[)" + list + "]";
}

TEST(SpanProcessorTest, AttributesAreMadeOfNames) {
  EXPECT_EQ(edited(to("'^\\/api\\/v1\\/document\\/(?P<documentId>.*)\\/update$'"),
                   R"("name":"/api/v1/document/12345678/update")"),
            with("/api/v1/document/{documentId}/update", text("documentId", "12345678")));
  EXPECT_EQ(edited(to("'(?P<a>x+)-(?P<b>y*)'"), R"("name":"1xx-2")"),
            with("1{a}-{b}2", text("a", "xx") + "," + text("b", "")));
  // No match, no name, no group.
  EXPECT_EQ(edited(to("'(?P<a>z)'"), R"("name":"x")"), R"("name":"x")");
  EXPECT_EQ(edited(to("'(?P<a>.*)'"), R"("kind":2)"), R"("kind":2)");
  EXPECT_EQ(edited(to("x"), R"("name":"x")"), R"("name":"x")");
  // An attribute that is there is overwritten.
  EXPECT_EQ(edited(to("'(?P<a>z)'"), with("z", text("a", "old"))), with("{a}", text("a", "z")));
}

TEST(SpanProcessorTest, RulesWorkOnTheNameOfTheOneBefore) {
  const std::string rules = "'^/(?P<first>[a-z]+)', '/(?P<second>[0-9]+)'";
  const std::string both = text("first", "doc") + "," + text("second", "7");
  EXPECT_EQ(edited(to(rules), R"("name":"/doc/7")"), with("/{first}/{second}", both));
  EXPECT_EQ(edited(to(rules, ", break_after_match: true"), R"("name":"/doc/7")"),
            with("/{first}/7", text("first", "doc")));
  EXPECT_EQ(edited(to(rules, ", break_after_match: true"), R"("name":"/7")"),
            with("/{second}", text("second", "7")));
  EXPECT_EQ(edited(to(rules, ", keep_original_name: true"), R"("name":"/doc/7")"),
            with("/doc/7", both));
}

// otelcol stops the process for these.
TEST(SpanProcessorTest, GroupsThatTookNoPartOrLieInOthers) {
  EXPECT_EQ(edited(to("'(?P<a>x)|(?P<b>y)'"), R"("name":"y")"),
            with("{b}", text("a", "") + "," + text("b", "y")));
  EXPECT_EQ(edited(to("'(?P<a>x(?P<b>y))'"), R"("name":"xyz")"),
            with("{a}z", text("a", "xy") + "," + text("b", "y")));
}

TEST(SpanProcessorTest, BothWaysInOneStep) {
  EXPECT_EQ(edited("{name: {from_attributes: [db.svc], to_attributes: {rules: ['(?P<tail>t.*)']}}}",
                   R"("name":"old","attributes":[)" + text("db.svc", "location") + "]"),
            with("loca{tail}", text("db.svc", "location") + "," + text("tail", "tion")));
}

TEST(SpanProcessorTest, TheStatusIsSet) {
  const std::string before = R"("name":"n","status":{"message":"m","code":1})";
  EXPECT_EQ(edited("{status: {code: Error, description: why}}", before),
            R"("name":"n","status":{"message":"why","code":2})");
  EXPECT_EQ(edited("{status: {code: Error}}", before), R"("name":"n","status":{"code":2})");
  EXPECT_EQ(edited("{status: {code: Ok}}", R"("name":"n")"), R"("name":"n","status":{"code":1})");
  EXPECT_EQ(edited("{status: {code: Unset}}", before), R"("name":"n","status":{})");
}

TEST(SpanProcessorTest, OnlySelectedSpansAreChanged) {
  const std::string yaml =
      "{status: {code: Ok}, include: {match_type: regexp, span_names: ['^a']}, "
      "exclude: {match_type: strict, span_names: [ab]}}";
  EXPECT_EQ(edited(yaml, R"("name":"a")"), R"("name":"a","status":{"code":1})");
  EXPECT_EQ(edited(yaml, R"("name":"ab")"), R"("name":"ab")");
  EXPECT_EQ(edited(yaml, R"("name":"b")"), R"("name":"b")");
}

TEST(SpanProcessorTest, WhatNoRuleChangesKeepsItsBytes) {
  const Bytes request = testing::request_of_json(
      Signal::kTraces,
      R"({"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"n","status":{"code":1}}]}]}]})");
  testing::TestWork own;
  pipeline::Payload payload;
  payload.bytes = Rope(request);
  payload.item_count = 1;
  const auto processor = make_span_processor(
      read("{status: {code: Ok}, name: {from_attributes: [no], to_attributes: {rules: [n]}}}"));
  ASSERT_TRUE(processor->process(payload, own.work));
  ASSERT_EQ(payload.bytes.pieces().size(), 1u);
  EXPECT_EQ(payload.bytes.pieces()[0].data(), request.data());
}

TEST(SpanProcessorTest, WithoutMemoryTheRequestIsRefused) {
  testing::TestWork small(1 << 20);
  pipeline::Payload payload;
  payload.bytes = Rope(testing::request_of_json(
      Signal::kTraces, R"({"resourceSpans":[{"scopeSpans":[{"spans":[{"name":")" +
                           std::string(600'000, 'n') + R"("}]}]}]})"));
  payload.item_count = 1;
  const auto result = make_span_processor(read(to("'(?P<a>nn)'")))->process(payload, small.work);
  ASSERT_FALSE(result);
  EXPECT_NE(result.error().message.find("memory"), std::string::npos) << result.error().message;
}

}  // namespace
}  // namespace millrace::processors::span
