#include "ottl/parser.h"

#include <gtest/gtest.h>

#include "ottl/syntax_text.h"

namespace millrace::ottl {
namespace {

std::string condition(std::string_view text) {
  const auto tree = parse_condition(text);
  return tree ? to_text(*tree) : tree.error().message;
}
std::string value(std::string_view text) {
  const auto tree = parse_value(text);
  return tree ? to_text(*tree) : tree.error().message;
}
std::string statement(std::string_view text) {
  const auto tree = parse_statement(text);
  return tree ? to_text(*tree) : tree.error().message;
}
// The first line of an error.
std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

struct Case {
  std::string_view text;
  std::string_view expected;
};

TEST(ParserTest, ReadsStatements) {
  for (const Case& c : {
           Case{"set(name, \"a\")", "set(name, \"a\")"},
           {"delete_key ( attributes , \"a\\\"\\\\\" )", "delete_key(attributes, \"a\\\"\\\\\")"},
           {"convert_sum_to_gauge() where true", "convert_sum_to_gauge() where true"},
           {"flatten(log.body, resolveConflicts=true)", "flatten(log.body, resolveConflicts=true)"},
           {"replace_pattern(name, \"a\", \"b\", SHA256)",
            "replace_pattern(name, \"a\", \"b\", SHA256)"},
           {"replace_pattern(name, \"a\", function=ConvertCase)",
            "replace_pattern(name, \"a\", function=ConvertCase)"},
           {"set(attributes[\"a\"][0][name], Split(name, \"x\")[(1+0)][\"k\"])",
            "set(attributes[\"a\"][0][name], Split(name, \"x\")[(1 + 0)][\"k\"])"},
           {"set(a.b.c[\"x\"].d, nil) where a != nil", "set(a.b.c[\"x\"].d, nil) where a != nil"},
       }) {
    EXPECT_EQ(statement(c.text), c.expected);
  }
}

TEST(ParserTest, ReadsValues) {
  for (const Case& c : {
           Case{"nil", "nil"},
           {"0xC0ffee", "0xc0ffee"},
           {"010", "8"},
           {"-5", "-5"},
           {"+5", "5"},
           {".5", "0.5"},
           {"1.", "1.0"},
           {"1.5e3", "1500.0"},
           {"1 + 2 * -3 - 4 / b", "(1 + (2 * -3) - (4 / b))"},
           {"-(a + 1)", "-((a + 1))"},
           {"-a", "-(a)"},
           {"[1, \"a\", [true], {}]", "[1, \"a\", [true], {}]"},
           {"[1 2, 3]", "[1, 2, 3]"},
           {"{\"a\": 1, \"b\": {\"c\": nil} \"d\": []}",
            "{\"a\": 1, \"b\": {\"c\": nil}, \"d\": []}"},
           {"SPAN_KIND_SERVER", "SPAN_KIND_SERVER"},
           {"Len(attributes) > 3", "1:17: expected an operator or the end, found \">\""},
       }) {
    EXPECT_EQ(first_line(value(c.text)), c.expected);
  }
}

TEST(ParserTest, ReadsConditions) {
  for (const Case& c : {
           Case{"a == 1 or b != 2 and not c < 3", "(a == 1 or (b != 2 and (not c < 3)))"},
           {"(a == 1 or b >= 2) and IsMatch(c, \"x\")",
            "((a == 1 or b >= 2) and IsMatch(c, \"x\"))"},
           {"(a + 1) * 2 > (b)", "((a + 1) * 2) > b"},
           {"((a == 1))", "a == 1"},
           {"not (not true)", "(not (not true))"},
           {"IsString(a) == true", "IsString(a) == true"},
           {"true and false", "(true and false)"},
           {"kind == SPAN_KIND_SERVER", "kind == SPAN_KIND_SERVER"},
       }) {
    EXPECT_EQ(condition(c.text), c.expected);
  }
}

TEST(ParserTest, UnquotesLikeTheReference) {
  EXPECT_EQ(parse_value(R"("a\n\t\\\"\x41\101é\U0001F600\xff")")->text,
            "a\n\t\\\"AA\u00e9\U0001F600\u00ff");
  EXPECT_EQ(parse_value("\"line\nbreak\"")->text, "line\nbreak");
  for (const std::string_view bad :
       {R"("\d")", R"("\ud800")", R"("\'")", R"("\400")", R"("\x4")"}) {
    EXPECT_EQ(first_line(value(bad)),
              "1:2: unknown escape in a string; write a backslash as \"\\\\\"");
  }
}

TEST(ParserTest, ErrorsNameThePlace) {
  EXPECT_EQ(statement("set(name \"a\")"),
            "1:10: expected \")\" or \",\" behind the argument, found a string\n"
            "  set(name \"a\")\n"
            "           ^");
  EXPECT_EQ(condition("a == \"é\"\n  AND b"),
            "2:3: expected an operator or the end, found \"AND\"; operators are written in lower "
            "case\n    AND b\n    ^");
}

TEST(ParserTest, RefusesWhatIsNotOttl) {
  for (const Case& c : {
           Case{"", "1:1: expected the name of an editor, such as `set`, found the end"},
           {"Set(a, 1)",
            "1:1: a statement begins with an editor, whose name begins in lower case; \"Set\" is a "
            "converter"},
           {"set", "1:4: expected \"(\" behind the name of the editor, found the end"},
           {"set(a, concat(b))",
            "1:8: the name of a converter begins with an upper-case letter, found \"concat\""},
           {"set(a, 1)[\"x\"]",
            "1:11: the result of an editor has no elements: only paths and converters do"},
           {"set(a, 1) when b == 1", "1:11: expected `where` or the end, found \"when\""},
           {"set(a, 1) where a = 1",
            "1:19: expected a comparison, such as `==`, found \"=\"; equality is written `==`"},
           {"set(a, 1) where a", "1:18: expected a comparison, such as `==`, found the end"},
           {"set(a, 0x1)", "1:8: bytes need an even number of hexadecimal digits"},
           {"set(a, 9223372036854775808)", "1:8: the number is not a signed 64-bit integer"},
           {"set(a, 08)", "1:8: the number is not a signed 64-bit integer"},
           {"set(a, 'b')", "1:8: strings are written in double quotes"},
           {"set(a, \"b)", "1:8: the string has no closing quote"},
           {"set(a.B, 1)", "1:7: expected a name of a path, found \"B\""},
           {"set(a, (x) => x)", "1:8: lambda expressions are not supported"},
           {"set(a, {b: 1})", "1:9: expected a string as key or \"}\", found \"b\""},
       }) {
    EXPECT_EQ(first_line(statement(c.text)), c.expected);
  }
}

TEST(ParserTest, DepthAndSizeAreBounded) {
  const auto nested = [](size_t depth) {
    return std::string(depth, '(') + "a" + std::string(depth, ')') + " == 1";
  };
  EXPECT_TRUE(parse_condition(nested(kDepthMax - 1)));
  EXPECT_EQ(first_line(condition(nested(kDepthMax))), "1:64: more than 64 levels of brackets");
  EXPECT_EQ(first_line(value(std::string(100000, '['))),
            "1:1: the statement has 100000 bytes; at most 65536 are allowed");
  EXPECT_EQ(first_line(value("[" + std::string(60000, '1') + "]")),
            "1:2: the number is not a signed 64-bit integer");
  std::string many = "[";
  for (size_t i = 0; i < kTokensMax; i++) many += "1 ";
  EXPECT_EQ(first_line(value(many)), "1:32768: more than 16384 words and signs");
  EXPECT_EQ(first_line(condition(std::string(60000, '('))),
            "1:16385: more than 16384 words and signs");
}

TEST(ParserTest, TextThatIsNotUtf8IsRefused) {
  EXPECT_EQ(first_line(value("\"\x80\"")), "1:1: the statement is not UTF-8");
}

TEST(ParserTest, LongChainsAreOneNode) {
  std::string text = "a == 0";
  for (int i = 1; i < 3000; i++) text += " or a == " + std::to_string(i);
  EXPECT_EQ(parse_condition(text)->children.size(), 3000u);
}

TEST(ParserTest, LongLinesAreCutAroundThePlace) {
  const std::string message =
      statement("set(a, \"" + std::string(200, 'x') + "\") oops " + std::string(200, 'y'));
  EXPECT_EQ(message.substr(message.find('\n')), "\n  …" + std::string(57, 'x') + "\") oops " +
                                                    std::string(55, 'y') + "…\n" +
                                                    std::string(63, ' ') + "^");
}

}  // namespace
}  // namespace millrace::ottl
