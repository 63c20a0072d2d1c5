#include "config/section.h"

#include <gtest/gtest.h>

#include "yaml/parse.h"

namespace millrace::config {
namespace {

// Reads `text` with `read` and returns what was found wrong.
std::string diagnose(std::string_view text, const std::function<void(Section&)>& read) {
  const auto root = yaml::parse(text, "a.yaml");
  EXPECT_TRUE(root.has_value()) << root.error().message;
  Diagnostics diagnostics;
  Section section(*root, diagnostics, "exporters::otlp");
  read(section);
  section.finish();
  return diagnostics.to_text();
}

TEST(SectionTest, AbsentKeysKeepTheirDefaults) {
  std::string endpoint = "localhost:4317";
  Duration timeout = 5s;
  const std::string found = diagnose("timeout:\n", [&](Section& section) {
    EXPECT_FALSE(section.text("endpoint", &endpoint));
    EXPECT_FALSE(section.duration("timeout", &timeout));
  });
  EXPECT_EQ(found, "");
  EXPECT_EQ(endpoint, "localhost:4317");
  EXPECT_EQ(timeout, 5s);
}

TEST(SectionTest, EachTypeIsRead) {
  std::string text;
  bool boolean = false;
  int64_t integer = 0;
  double number = 0;
  Duration duration{};
  std::vector<std::string> list;
  const std::string found =
      diagnose("t: x\nb: true\ni: 1_000\nn: 1.5\nd: 1m30s\nl: [a, 5]\n", [&](Section& section) {
        EXPECT_TRUE(section.text("t", &text));
        EXPECT_TRUE(section.boolean("b", &boolean));
        EXPECT_TRUE(section.integer("i", &integer));
        EXPECT_TRUE(section.number("n", &number, 0, 2));
        EXPECT_TRUE(section.duration("d", &duration));
        EXPECT_TRUE(section.text_list("l", &list));
      });
  EXPECT_EQ(found, "");
  EXPECT_EQ(text, "x");
  EXPECT_TRUE(boolean);
  EXPECT_EQ(integer, 1000);
  EXPECT_EQ(number, 1.5);
  EXPECT_EQ(duration, 90s);
  EXPECT_EQ(list, (std::vector<std::string>{"a", "5"}));
}

// As otelcol reads them: allowed_origins: "*".
TEST(SectionTest, ATextForAListIsSplitAtItsCommas) {
  const std::pair<const char*, std::vector<std::string>> kCases[] = {
      {"l: a", {"a"}}, {"l: 'a,b'", {"a", "b"}}, {"l: ''", {}}, {"l: 'a,,b'", {"a", "", "b"}}};
  for (const auto& [text, expected] : kCases) {
    std::vector<std::string> list = {"default"};
    EXPECT_EQ(diagnose(text, [&](Section& section) { section.text_list("l", &list); }), "");
    EXPECT_EQ(list, expected) << text;
  }
}

TEST(SectionTest, MessagesHideKeysInUrls) {
  const std::string long_password(100, 'p');
  const std::string found =
      diagnose("b: 'http://u:s3cret@h/?s3cret'\nd: 'http://u:" + long_password + "@h/'\ne: 1\n",
               [](Section& section) {
                 bool boolean = false;
                 section.boolean("b", &boolean);
                 Duration duration{};
                 section.duration("d", &duration);
                 section.find("e");
                 section.error_at("e", "as http://h/?s3cret says");
               });
  EXPECT_EQ(found.find("s3cret"), std::string::npos) << found;
  EXPECT_EQ(found.find("ppp"), std::string::npos) << found;
  EXPECT_NE(found.find("as http://h/?[REDACTED] says"), std::string::npos) << found;
}

TEST(SectionTest, WrongTypesSayWhatIsAllowed) {
  const std::string found = diagnose("b: yes\ni: 0\nn: 3\nd: 5\nneg: -5s\nl: {}\nm: {}\nq: \"1\"\n",
                                     [](Section& section) {
                                       bool boolean;
                                       int64_t integer;
                                       double number;
                                       Duration duration;
                                       std::vector<std::string> list;
                                       std::string text;
                                       section.boolean("b", &boolean);
                                       section.integer("i", &integer, {1, 65535});
                                       section.number("n", &number, 0, 1);
                                       section.duration("d", &duration);
                                       section.duration("neg", &duration);
                                       section.text_list("l", &list);
                                       section.text("m", &text);
                                       section.integer("q", &integer);
                                     });
  EXPECT_EQ(found,
            "a.yaml:1:4: error: exporters::otlp::b: expected true or false, found \"yes\"\n"
            "a.yaml:2:4: error: exporters::otlp::i: expected an integer from 1 to 65535, found "
            "\"0\"\n"
            "a.yaml:3:4: error: exporters::otlp::n: expected a number from 0 to 1, found \"3\"\n"
            "a.yaml:4:4: error: exporters::otlp::d: expected a duration with its unit, like 5s or "
            "300ms, found \"5\"\n"
            "a.yaml:5:6: error: exporters::otlp::neg: expected a duration that is not negative, "
            "found \"-5s\"\n"
            "a.yaml:6:4: error: exporters::otlp::l: expected a list, like [a, b], found a mapping\n"
            "a.yaml:7:4: error: exporters::otlp::m: expected text, found a mapping\n"
            "a.yaml:8:4: error: exporters::otlp::q: expected an integer without quotes, found "
            "\"1\"\n");
}

// As in `level: ${env:LEVEL}` with LEVEL=null: otelcol's text fields take the text.
TEST(SectionTest, ATextThatIsReadAsNullIsNoChoice) {
  auto root = yaml::parse("level: null\n", "a.yaml").value();
  root.mapping[0].value.original = "null";
  Diagnostics diagnostics;
  Section section(root, diagnostics, "telemetry");
  int level = 0;
  EXPECT_FALSE(section.choice("level", &level, {{"info", 1}, {"warn", 2}}));
  EXPECT_EQ(diagnostics.to_text(),
            "a.yaml:1:8: error: telemetry::level: expected one of info, warn, found nothing\n");
}

TEST(SectionTest, UnknownKeyNamesTheNearest) {
  const std::string found = diagnose("endpont: x\nwhatever: 1\n", [](Section& section) {
    std::string text;
    section.text("endpoint", &text);
    section.unsupported("whateve", "never");
  });
  EXPECT_EQ(found,
            "a.yaml:1:1: error: exporters::otlp: unknown key \"endpont\"; did you mean "
            "\"endpoint\"?\n"
            "a.yaml:2:1: error: exporters::otlp: unknown key \"whatever\"; known here: "
            "endpoint\n");
}

TEST(SectionTest, UnsupportedKeyIsAnErrorOnlyWhenPresent) {
  const auto read = [](Section& section) { section.unsupported("storage", "no disk yet"); };
  EXPECT_EQ(diagnose("{}", read), "");
  EXPECT_EQ(diagnose("storage: x\n", read),
            "a.yaml:1:10: error: exporters::otlp::storage: otelcol knows this key, but it is not "
            "supported here: no disk yet\n");
  EXPECT_NE(diagnose("storage: {}\n", read), "");
  // As in otelcol, an empty value asks for nothing.
  for (const char* empty : {"storage:\n", "storage: []\n", "storage: \"\"\n"}) {
    EXPECT_EQ(diagnose(empty, read), "") << empty;
  }
}

TEST(SectionTest, IgnoredAndDeprecatedKeysOnlyWarn) {
  EXPECT_EQ(diagnose("gc: 1s\nold: 2\n",
                     [](Section& section) {
                       section.ignored("gc", "there is no garbage collector");
                       EXPECT_TRUE(section.deprecated("old", "\"new\""));
                     }),
            "a.yaml:1:5: warning: exporters::otlp::gc: accepted without effect: there is no "
            "garbage collector\n"
            "a.yaml:2:6: warning: exporters::otlp::old: deprecated: use \"new\"\n");
}

TEST(SectionTest, ChoiceListsTheNames) {
  enum class Sizer { kRequests, kItems } sizer = Sizer::kRequests;
  const auto read = [&](Section& section) {
    section.choice("sizer", &sizer, {{"requests", 0}, {"items", 1}});
  };
  EXPECT_EQ(diagnose("sizer: items", read), "");
  EXPECT_EQ(sizer, Sizer::kItems);
  EXPECT_EQ(diagnose("sizer: itmes", read),
            "a.yaml:1:8: error: exporters::otlp::sizer: expected one of requests, items, found "
            "\"itmes\"; did you mean \"items\"?\n");
}

TEST(SectionTest, HeadersAreAMapOrAList) {
  const std::vector<MetadataEntry> expected = {{"x-a", "1"}, {"x-b", ""}};
  for (const char* text :
       {"headers: {X-A: 1, x-b: }", "headers: [{name: X-A, value: 1}, {name: x-b}]"}) {
    std::vector<MetadataEntry> headers;
    EXPECT_EQ(diagnose(text, [&](Section& section) { section.headers("headers", &headers); }), "");
    EXPECT_EQ(headers, expected) << text;
  }
}

TEST(SectionTest, HeaderMistakesNeverShowTheValue) {
  std::vector<MetadataEntry> headers;
  const auto read = [&](Section& section) { section.headers("headers", &headers); };
  EXPECT_EQ(diagnose("headers: hunter2", read).find("hunter2"), std::string::npos);
  EXPECT_EQ(diagnose("headers: [hunter2]", read).find("hunter2"), std::string::npos);
}

TEST(SectionTest, SecretsAreMarked) {
  const auto root = yaml::parse("token: x", "a.yaml");
  Diagnostics diagnostics;
  Section section(*root, diagnostics, "extensions::auth");
  std::string token;
  EXPECT_TRUE(section.secret("token", &token));
  EXPECT_TRUE(diagnostics.is_secret("extensions::auth::token"));
  EXPECT_FALSE(diagnostics.is_secret("extensions::auth::other"));
}

TEST(SectionTest, NestedSectionsCarryTheirPath) {
  bool mentioned = false;
  const std::string found = diagnose(
      "retry:\n  enabld: true\nlist:\n  - {b: 1}\nmap:\n  one: {c: 1}\n", [&](Section& section) {
        mentioned = section.section("retry", [](Section& retry) {
          bool enabled;
          retry.boolean("enabled", &enabled);
        });
        section.section_list("list", [](Section&) {});
        section.section_map("map", [](std::string_view name, Section&) { EXPECT_EQ(name, "one"); });
      });
  EXPECT_TRUE(mentioned);
  EXPECT_EQ(found,
            "a.yaml:2:3: error: exporters::otlp::retry: unknown key \"enabld\"; did you mean "
            "\"enabled\"?\n"
            "a.yaml:4:6: error: exporters::otlp::list[0]: unknown key \"b\"; no key is known "
            "here\n"
            "a.yaml:6:9: error: exporters::otlp::map::one: unknown key \"c\"; no key is known "
            "here\n");
}

TEST(SectionTest, NullSectionIsMentioned) {
  int reads = 0;
  const std::string found = diagnose("batch:\n", [&](Section& section) {
    EXPECT_TRUE(section.section("batch", [&](Section&) { ++reads; }));
    EXPECT_FALSE(section.section("absent", [&](Section&) { ++reads; }));
  });
  EXPECT_EQ(found, "");
  EXPECT_EQ(reads, 1);
}

TEST(SectionTest, ScalarWhereAMappingBelongs) {
  EXPECT_EQ(
      diagnose("tls: true", [](Section& section) { section.section("tls", [](Section&) {}); }),
      "a.yaml:1:6: error: exporters::otlp::tls: expected a mapping of keys to values, found "
      "\"true\"\n");
}

}  // namespace
}  // namespace millrace::config
