#include "ottl/required_texts.h"

#include <gtest/gtest.h>

#include "memory/testing/test_work.h"
#include "ottl/compile.h"
#include "ottl/text_presence.h"

namespace millrace::ottl {
namespace {

using Texts = std::vector<std::string>;

Texts texts_of(std::string_view condition, Context context = Context::kSpan) {
  const auto compiled = compile_condition(condition, {context, Prefix::kOptional});
  EXPECT_TRUE(compiled) << condition;
  return required_texts(compiled->condition, context);
}

TEST(RequiredTextsTest, AnEqualTextStandsInTheBytes) {
  EXPECT_EQ(texts_of(R"(attributes["http.route"] == "/none")"), Texts{"/none"});
  EXPECT_EQ(texts_of(R"("/none" == name)"), Texts{"/none"});
  EXPECT_EQ(texts_of(R"(status.message == "timeout")"), Texts{"timeout"});
  EXPECT_EQ(texts_of(R"(body == "started")", Context::kLog), Texts{"started"});
}

TEST(RequiredTextsTest, AKeyStandsInTheBytesWhereItsValueIsNotNil) {
  EXPECT_EQ(texts_of(R"(attributes["code"] >= 500)"), Texts{"code"});
  EXPECT_EQ(texts_of(R"(attributes["code"] != nil)"), Texts{"code"});
  EXPECT_EQ(texts_of(R"(attributes["m"]["deeper"] == "value")"), Texts{"m"});
  EXPECT_EQ(texts_of(R"(IsMatch(attributes["url"], "^/health"))"), Texts{"url"});
  // An absent attribute is not equal to a value, and equal to nil.
  EXPECT_EQ(texts_of(R"(attributes["code"] != 500)"), Texts{});
  EXPECT_EQ(texts_of(R"(attributes["code"] == nil)"), Texts{});
  EXPECT_EQ(texts_of(R"(attributes["code"] <= nil)"), Texts{});
}

TEST(RequiredTextsTest, AMatchNeedsOneOfItsPrefixes) {
  const Texts prefixes = {"health", "ready", "live"};
  EXPECT_EQ(texts_of(R"(IsMatch(name, "^(health|ready|live)z?$"))"), prefixes);
  EXPECT_EQ(texts_of(R"(IsMatch(name, "health"))"), Texts{});
  // The text of another value is not its bytes.
  EXPECT_EQ(texts_of(R"(IsMatch(body, "^true"))", Context::kLog), Texts{});
  EXPECT_EQ(texts_of(R"(IsMatch(trace_id.string, "^0011"))"), Texts{});
}

TEST(RequiredTextsTest, OneOfSeveralConditionsHasTheTexts) {
  const Texts both = {"abc", "def"};
  EXPECT_EQ(texts_of(R"(name == "abc" or attributes["x"] == "def")"), both);
  EXPECT_EQ(texts_of(R"(name == "abc" or kind == 2)"), Texts{});
  EXPECT_EQ(texts_of(R"(kind == 2 and name == "abc")"), Texts{"abc"});
  EXPECT_EQ(texts_of(R"(resource.attributes["s"] == "t" and name == "abc")"), Texts{"abc"});
  // The first one may fail, and its error must be seen.
  EXPECT_EQ(texts_of(R"(attributes["a"][0] != 1 and name == "abc")"), Texts{});
  EXPECT_EQ(texts_of(R"(not (name == "abc"))"), Texts{});
}

TEST(RequiredTextsTest, OtherMessagesAreNotLookedAt) {
  EXPECT_EQ(texts_of(R"(resource.attributes["service.name"] == "shop")"), Texts{});
  EXPECT_EQ(texts_of(R"(span.cache["a"] == "shop")"), Texts{});
}

TEST(RequiredTextsTest, TooManyTextsAreNotSearched) {
  const auto searches_of = [](std::string_view condition) {
    RequiredTexts texts;
    texts.add(compile_condition(condition, {Context::kSpan, Prefix::kOptional})->condition,
              Context::kSpan);
    return texts.searches().size();
  };
  EXPECT_EQ(searches_of(R"x(IsMatch(name, "^(aaa|bbb|ccc|ddd)"))x"), 4u);
  EXPECT_EQ(searches_of(R"x(IsMatch(name, "^(aaa|bbb|ccc|ddd|eee)"))x"), 0u);
}

TEST(TextPresenceTest, TellsTheItemsThatHoldAText) {
  // Items of every size, some with the text at a border, in a message that is searched in parts.
  std::string around;
  std::vector<size_t> ends;
  for (size_t i = 0; i < 3000; i++) {
    around += i % 7 == 0 ? "nee" : std::string(i % 41, '.') + (i % 11 == 0 ? "needle" : "dle");
    ends.push_back(around.size());
  }
  millrace::testing::TestWork own;
  const std::vector<wire::TextSearch> searches = {wire::TextSearch("needle"),
                                                  wire::TextSearch("absent")};
  TextPresence presence(searches, own.work.pace);
  presence.begin(as_span(around));
  size_t begin = 0;
  for (const size_t end : ends) {
    const std::string_view item = std::string_view(around).substr(begin, end - begin);
    ASSERT_EQ(presence.is_in(as_span(item)), item.contains("needle")) << begin;
    begin = end;
  }
}

TEST(TextPresenceTest, GivesUpWhereMostItemsHoldTheText) {
  millrace::testing::TestWork own;
  const std::vector<wire::TextSearch> searches = {wire::TextSearch("needle")};
  TextPresence presence(searches, own.work.pace);
  const std::string item = "a needle";
  for (int i = 0; i < 100; i++) {
    presence.begin(as_span(item));
    EXPECT_TRUE(presence.is_in(as_span(item)));
  }
  const std::string without = "nothing";
  presence.begin(as_span(without));
  EXPECT_TRUE(presence.is_in(as_span(without)));
}

}  // namespace
}  // namespace millrace::ottl
