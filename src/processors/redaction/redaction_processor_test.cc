#include "processors/redaction/redaction_processor.h"

#include <gtest/gtest.h>

#include <string>

#include "config/testing/read_section.h"
#include "otlp/admit.h"
#include "otlp/attribute_list.h"
#include "otlp/example_requests.h"
#include "otlp/json/testing/json_request.h"

namespace millrace::processors::redaction {
namespace {

Options read(const std::string& yaml) {
  return testing::read_options_of<Options>(yaml, "processors::redaction", read_options);
}

Result<Rope> run(const std::string& yaml, Signal signal, const Bytes& request, Work& work) {
  pipeline::Payload payload;
  payload.signal = signal;
  payload.bytes = Rope(request);
  payload.item_count = otlp::admit(signal, request.view())->item_count;
  const auto result = make_redaction_processor(read(yaml))->process(payload, work);
  if (!result) return fail(result.error());
  EXPECT_EQ(result->left_count(), 0u);
  const Bytes bytes = Bytes::copy_of(payload.bytes.to_bytes().view());
  const auto admitted = otlp::admit(signal, bytes.view());
  EXPECT_TRUE(admitted) << admitted.error().to_error().message;
  if (admitted) EXPECT_EQ(admitted->item_count, payload.item_count);
  return Rope(bytes);
}

std::string redacted(const std::string& yaml, Signal signal, std::string_view json) {
  testing::TestWork own;
  const auto edited = run(yaml, signal, testing::request_of_json(signal, json), own.work);
  return edited ? testing::json_of_request(signal, *edited) : edited.error().message;
}

// {a:'x',n:1} becomes {"key":"a","value":{"stringValue":"x"}},…
std::string attributes(
    std::initializer_list<std::pair<std::string_view, std::string_view>> entries) {
  std::string json;
  for (const auto& [key, value] : entries) {
    if (!json.empty()) json += ',';
    const bool is_text = value.front() != '#' && value.front() != '{';
    json += R"({"key":")" + std::string(key) + R"(","value":)";
    if (is_text) {
      json += R"({"stringValue":")" + std::string(value) + R"("})";
    } else if (value.front() == '#') {
      json += R"({"intValue":")" + std::string(value.substr(1)) + R"("})";
    } else {
      json += value;
    }
    json += '}';
  }
  return json;
}

std::string span_with(const std::string& list) {
  return R"({"resourceSpans":[{"scopeSpans":[{"spans":[{"attributes":[)" + list + "]}]}]}]}";
}

using Entries = std::initializer_list<std::pair<std::string_view, std::string_view>>;

// On the attributes of one span.
void expect(const std::string& yaml, Entries before, Entries after) {
  EXPECT_EQ(redacted(yaml, Signal::kTraces, span_with(attributes(before))),
            span_with(attributes(after)))
      << yaml;
}

constexpr const char* kCards = "allow_all_keys: true, blocked_values: ['4[0-9]{12}(?:[0-9]{3})?']";
constexpr std::string_view kCard = "4111111111111111";

TEST(RedactionProcessorTest, KeysThatAreNotAllowedAreRemoved) {
  expect("{allowed_keys: [id]}", {{"id", "1"}, {"name", "ann"}, {"n", "#5"}}, {{"id", "1"}});
  expect("{allowed_keys: [id], ignored_keys: [name], ignored_key_patterns: ['^n$']}",
         {{"id", "1"}, {"name", "ann"}, {"n", "#5"}, {"m", "x"}},
         {{"id", "1"}, {"name", "ann"}, {"n", "#5"}});
  expect("{allow_all_keys: true}", {{"id", "1"}, {"n", "#5"}}, {{"id", "1"}, {"n", "#5"}});
}

TEST(RedactionProcessorTest, AnEmptyConfigurationRemovesEveryAttribute) {
  EXPECT_EQ(redacted("{}", Signal::kTraces, span_with(attributes({{"a", "x"}, {"b", "#1"}}))),
            R"({"resourceSpans":[{"scopeSpans":[{"spans":[{}]}]}]})");
}

TEST(RedactionProcessorTest, ValuesAreMasked) {
  const std::string yaml = "{" + std::string(kCards) + "}";
  expect(yaml, {{"a", "card 4111111111111111!"}, {"b", "fine"}},
         {{"a", "card ****!"}, {"b", "fine"}});
  // Values that are no strings stay, unless redact_all_types makes text of them.
  expect(yaml, {{"n", "#4111111111111111"}}, {{"n", "#4111111111111111"}});
  expect("{" + std::string(kCards) + ", redact_all_types: true}",
         {{"n", "#4111111111111111"}, {"m", "#5"}}, {{"n", "****"}, {"m", "#5"}});
  expect("{" + std::string(kCards) + ", allowed_values: ['^test']}",
         {{"a", "test 4111111111111111"}, {"b", kCard}},
         {{"a", "test 4111111111111111"}, {"b", "****"}});
  expect("{" + std::string(kCards) + ", ignored_keys: [a]}", {{"a", kCard}, {"b", kCard}},
         {{"a", kCard}, {"b", "****"}});
}

TEST(RedactionProcessorTest, BlockedKeysLoseTheirWholeValue) {
  expect("{allow_all_keys: true, blocked_key_patterns: ['.*(token|api_key).*']}",
         {{"my_token", "abc"}, {"api_key", "#7"}, {"other", "abc"}},
         {{"my_token", "****"}, {"api_key", "****"}, {"other", "abc"}});
  // Removed before, and not at all where the value is allowed.
  expect("{allowed_keys: [token2], blocked_key_patterns: [token], allowed_values: ['^open$']}",
         {{"token", "abc"}, {"token2", "abc"}}, {{"token2", "****"}});
  expect("{allowed_keys: [token2], blocked_key_patterns: [token], allowed_values: ['^open$']}",
         {{"token2", "open"}}, {{"token2", "open"}});
}

TEST(RedactionProcessorTest, SummariesCountAndName) {
  const std::string yaml =
      "allowed_keys: [id, card, mail, b], ignored_keys: [safe], blocked_values: ['4[0-9]{12}'], "
      "allowed_values: ['@mycompany']";
  const Entries before = {
      {"z", "1"},    {"id", "2"}, {"card", "4111111111111"}, {"mail", "a@mycompany"},
      {"safe", "3"}, {"y", "#4"}, {"b", "4111111111111"}};
  expect("{" + yaml + "}", before,
         {{"id", "2"}, {"card", "****"}, {"mail", "a@mycompany"}, {"safe", "3"}, {"b", "****"}});
  expect("{" + yaml + ", summary: info}", before,
         {{"id", "2"},
          {"card", "****"},
          {"mail", "a@mycompany"},
          {"safe", "3"},
          {"b", "****"},
          {"redaction.redacted.count", "#2"},
          {"redaction.masked.count", "#2"},
          {"redaction.allowed.count", "#1"},
          {"redaction.ignored.count", "#1"}});
  expect("{" + yaml + ", summary: debug}", before,
         {{"id", "2"},
          {"card", "****"},
          {"mail", "a@mycompany"},
          {"safe", "3"},
          {"b", "****"},
          {"redaction.redacted.keys", "y,z"},
          {"redaction.redacted.count", "#2"},
          {"redaction.masked.keys", "b,card"},
          {"redaction.masked.count", "#2"},
          {"redaction.allowed.keys", "mail"},
          {"redaction.allowed.count", "#1"},
          {"redaction.ignored.count", "#1"}});
}

TEST(RedactionProcessorTest, ASummaryAddsToAnEarlierOne) {
  expect("{" + std::string(kCards) + ", summary: debug}",
         {{"c", kCard}, {"redaction.masked.keys", "d,a"}, {"redaction.masked.count", "#2"}},
         {{"c", "****"}, {"redaction.masked.keys", "a,c,d"}, {"redaction.masked.count", "#3"}});
  // A count that is no number is 0.
  expect("{" + std::string(kCards) + ", summary: info}",
         {{"c", kCard}, {"redaction.masked.count", "x"}},
         {{"c", "****"}, {"redaction.masked.count", "#1"}});
}

TEST(RedactionProcessorTest, EveryPlaceOfASpanIsReached) {
  const std::string card = attributes({{"c", kCard}});
  const std::string masked = attributes({{"c", "****"}});
  const auto request = [](const std::string& list, const std::string& name = "n") {
    return R"({"resourceSpans":[{"resource":{"attributes":[)" + list +
           R"(]},"scopeSpans":[{"scope":{"name":"s","attributes":[)" + list +
           R"(]},"spans":[{"name":")" + name + R"(","attributes":[)" + list +
           R"(],"events":[{"name":"e","attributes":[)" + list +
           R"(]},{"name":"f"},{"attributes":[)" + list + R"(]}]},{"name":"other"}]}]}]})";
  };
  EXPECT_EQ(redacted("{" + std::string(kCards) + "}", Signal::kTraces, request(card)),
            request(masked));
  // Also where the bytes do not tell.
  EXPECT_EQ(redacted("{" + std::string(kCards) + ", blocked_key_patterns: [no]}", Signal::kTraces,
                     request(card)),
            request(masked));
  const std::string long_name(20'000, 'n');
  EXPECT_EQ(redacted("{" + std::string(kCards) + "}", Signal::kTraces, request(card, long_name)),
            request(masked, long_name));
}

std::string len_field(uint32_t number, std::string_view content) {
  std::string field;
  field += static_cast<char>(number << 3 | 2);
  field += static_cast<char>(content.size());
  return field.append(content);
}

// A reader joins the parts of a message, so an empty last part hid the value from the processor.
TEST(RedactionProcessorTest, AValueInSeveralPartsIsNotHidden) {
  const std::string card = otlp::encode_string_value(kCard);
  const std::string attribute =
      len_field(1, "c") + len_field(2, card) + len_field(2, std::string_view());
  const auto request_of = [](const std::string& item) {
    return Bytes::copy_of(len_field(1, len_field(2, len_field(2, item))));
  };
  const std::string yaml = "{" + std::string(kCards) + "}";
  testing::TestWork own;
  const auto in_span = run(yaml, Signal::kTraces, request_of(len_field(9, attribute)), own.work);
  ASSERT_TRUE(in_span);
  EXPECT_EQ(testing::json_of_request(Signal::kTraces, *in_span),
            span_with(attributes({{"c", "****"}})));

  const std::string nested = len_field(6, len_field(1, attribute));
  for (const std::string& body :
       {len_field(5, card) + len_field(5, std::string_view()), len_field(5, nested),
        len_field(5, nested) + len_field(5, nested)}) {
    const auto in_body = run(yaml, Signal::kLogs, request_of(body), own.work);
    ASSERT_TRUE(in_body);
    const std::string json = testing::json_of_request(Signal::kLogs, *in_body);
    EXPECT_EQ(json.find(kCard), std::string::npos) << json;
    EXPECT_NE(json.find("****"), std::string::npos) << json;
  }
}

// Patterns for keys need the list of a message's attributes, which has another walk.
void expect_same_from_both_walks(const std::string& patterns) {
  const std::string values = "allow_all_keys: true, blocked_values: [" + patterns + "]";
  for (const Signal signal : {Signal::kTraces, Signal::kMetrics}) {
    const Bytes request = otlp::example_request_with_everything(signal);
    testing::TestWork own;
    const auto texts = run("{" + values + "}", signal, request, own.work);
    const auto lists =
        run("{" + values + ", blocked_key_patterns: ['^no key$']}", signal, request, own.work);
    ASSERT_TRUE(texts && lists);
    EXPECT_EQ(texts->to_bytes().text(), lists->to_bytes().text());
    EXPECT_NE(texts->to_bytes().text(), request.text());
  }
}

TEST(RedactionProcessorTest, BothWalksMaskTheSame) {
  expect_same_from_both_walks("'[a-e]', 'x{3}', '/.*'");
}

// A value that is no text counts as an empty one, which such a pattern masks.
TEST(RedactionProcessorTest, APatternThatMatchesNothingMasksNumbersInBothWalks) {
  expect_same_from_both_walks("'x*'");
}

TEST(RedactionProcessorTest, LinksAndNamesAreLeftAlone) {
  const std::string json =
      R"({"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"4111111111111111",)"
      R"("links":[{"attributes":[)" +
      attributes({{"c", kCard}}) + R"(]}]}]}]}]})";
  EXPECT_EQ(redacted("{" + std::string(kCards) + "}", Signal::kTraces, json), json);
}

TEST(RedactionProcessorTest, EveryPlaceOfMetricsIsReached) {
  const auto request = [](const std::string& list) {
    const std::string points = R"({"dataPoints":[{"attributes":[)" + list + R"(]}]})";
    return R"({"resourceMetrics":[{"resource":{"attributes":[)" + list +
           R"(]},"scopeMetrics":[{"scope":{"attributes":[)" + list + R"(]},"metrics":[{"gauge":)" +
           points + R"(},{"sum":)" + points + R"(},{"histogram":)" + points +
           R"(},{"exponentialHistogram":)" + points + R"(},{"summary":)" + points + "}]}]}]}";
  };
  EXPECT_EQ(redacted("{" + std::string(kCards) + "}", Signal::kMetrics,
                     request(attributes({{"c", kCard}}))),
            request(attributes({{"c", "****"}})));
}

std::string log_with(const std::string& fields) {
  return R"({"resourceLogs":[{"scopeLogs":[{"logRecords":[{)" + fields + "}]}]}]}";
}

TEST(RedactionProcessorTest, BodiesThatAreTextAreMasked) {
  const std::string yaml = "{" + std::string(kCards);
  EXPECT_EQ(redacted(yaml + "}", Signal::kLogs,
                     log_with(R"("body":{"stringValue":"paid with 4111111111111111"})")),
            log_with(R"("body":{"stringValue":"paid with ****"})"));
  EXPECT_EQ(redacted(yaml + ", summary: debug}", Signal::kLogs,
                     log_with(R"("body":{"stringValue":"4111111111111111"},"attributes":[)" +
                              attributes({{"c", kCard}}) + "]")),
            log_with(R"("body":{"stringValue":"****"},"attributes":[)" +
                     attributes({{"c", "****"},
                                 {"redaction.masked.keys", "c"},
                                 {"redaction.masked.count", "#1"},
                                 {"redaction.body.masked.keys", "body"},
                                 {"redaction.body.masked.count", "#1"}}) +
                     "]"));
  // Numbers are text here.
  EXPECT_EQ(redacted(yaml + "}", Signal::kLogs, log_with(R"("body":{"intValue":"4111111111111"})")),
            log_with(R"("body":{"stringValue":"****"})"));
  // The summary leaves an allowed text out.
  EXPECT_EQ(redacted(yaml + ", allowed_values: ['4111'], summary: debug}", Signal::kLogs,
                     log_with(R"("body":{"stringValue":"4111111111111111"})")),
            log_with(R"("body":{"stringValue":"4111111111111111"})"));
}

TEST(RedactionProcessorTest, BodiesOfAnyDepthAreMasked) {
  const auto map = [](const std::string& list) {
    return R"({"kvlistValue":{"values":[)" + list + "]}}";
  };
  const auto body = [&](const std::string& card, const std::string& token,
                        const std::string& removed) {
    const std::string inner = map(R"({"key":"card","value":)" + card + "}" + removed);
    return R"("body":)" +
           map(R"({"key":"card","value":)" + card + R"(},{"key":"list","value":{"arrayValue":)" +
               R"({"values":[{"stringValue":"x"},)" + card + "," + inner +
               R"(]}}},{"key":"token","value":)" + token + R"(},{"key":"safe","value":)" +
               R"({"stringValue":"4111111111111"}})");
  };
  const std::string before =
      log_with(body(R"({"stringValue":"4111111111111"})", R"({"stringValue":"t"})",
                    R"(,{"key":"no","value":{"intValue":"1"}})"));
  const std::string after = body(R"({"stringValue":"****"})", R"({"stringValue":"****"})", "");
  const std::string yaml =
      "{allowed_keys: [card, list, token], ignored_keys: [safe], blocked_values: ['4[0-9]{12}'], "
      "blocked_key_patterns: [token]";
  EXPECT_EQ(redacted(yaml + "}", Signal::kLogs, before), log_with(after));
  EXPECT_EQ(
      redacted(yaml + ", summary: debug}", Signal::kLogs, before),
      log_with(after + R"(,"attributes":[)" +
               attributes({{"redaction.body.redacted.keys", "list.[2].no"},
                           {"redaction.body.redacted.count", "#1"},
                           {"redaction.body.masked.keys", "card,list.[1],list.[2].card,token"},
                           {"redaction.body.masked.count", "#4"},
                           {"redaction.body.ignored.count", "#1"}}) +
               "]"));
}

TEST(RedactionProcessorTest, WhatNoRuleChangesKeepsItsBytes) {
  const Bytes request =
      testing::request_of_json(Signal::kTraces, span_with(attributes({{"a", "x"}, {"b", "#1"}})));
  for (const char* more : {"", ", blocked_key_patterns: [no]", ", redact_all_types: true"}) {
    testing::TestWork own;
    pipeline::Payload payload;
    payload.bytes = Rope(request);
    payload.item_count = 1;
    const auto processor = make_redaction_processor(read("{" + std::string(kCards) + more + "}"));
    ASSERT_TRUE(processor->process(payload, own.work));
    ASSERT_EQ(payload.bytes.pieces().size(), 1u);
    EXPECT_EQ(payload.bytes.pieces()[0].data(), request.data());
  }
}

TEST(RedactionProcessorTest, WithoutMemoryTheRequestIsRefused) {
  testing::TestWork small(1 << 20);
  const Bytes request = testing::request_of_json(
      Signal::kLogs, log_with(R"("body":{"stringValue":")" + std::string(300'000, 'x') + R"("})"));
  const auto edited = run("{allow_all_keys: true, blocked_values: [x], hash_function: sha1}",
                          Signal::kLogs, request, small.work);
  ASSERT_FALSE(edited);
  EXPECT_NE(edited.error().message.find("memory"), std::string::npos) << edited.error().message;
}

// A summary that names the paths of a deep and wide body could take the square of its size.
TEST(RedactionProcessorTest, PathsOfABodyAreBounded) {
  std::string entries;
  for (int i = 0; i < 2000; i++) entries += R"({"key":"k","value":{"stringValue":"x"}},)";
  entries.pop_back();
  std::string body = R"({"kvlistValue":{"values":[)" + entries + "]}}";
  body = R"({"kvlistValue":{"values":[{"key":")" + std::string(20'000, 'k') + R"(","value":)" +
         body + "}]}}";
  testing::TestWork small(8 << 20);
  const Bytes request = testing::request_of_json(Signal::kLogs, log_with(R"("body":)" + body));
  const auto edited = run("{allow_all_keys: true, blocked_values: [x], summary: debug}",
                          Signal::kLogs, request, small.work);
  ASSERT_FALSE(edited);
  EXPECT_NE(edited.error().message.find("memory"), std::string::npos) << edited.error().message;
}

}  // namespace
}  // namespace millrace::processors::redaction
