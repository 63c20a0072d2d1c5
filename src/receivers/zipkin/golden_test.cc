// Bodies of Zipkin spans and what otelcol's translator (zipkinv2 v0.165.1) makes of them:
// tests/golden/zipkin/NAME.json or NAME.pb, and NAME.json.otlp.json beside it as OTLP/JSON or the
// word "error". "parse_string_tags" in the name: with that option. The order of resources, scopes,
// spans and attributes means nothing there and is not compared.
#include <gtest/gtest.h>
#include <simdjson.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "otlp/admit.h"
#include "otlp/json/decode.h"
#include "otlp/json/encode.h"
#include "receivers/zipkin/testing.h"

namespace millrace::receivers::zipkin {
namespace {

namespace fs = std::filesystem;

std::string file_text(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

std::string canonical(simdjson::dom::element element) {
  if (element.is_object()) {
    std::vector<std::string> members;
    for (const auto& [key, value] : simdjson::dom::object(element)) {
      const std::string text = canonical(value);
      if (text != "{}") members.push_back("\"" + std::string(key) + "\":" + text);
    }
    std::ranges::sort(members);
    std::string text = "{";
    for (const std::string& member : members) text += (text.size() > 1 ? "," : "") + member;
    return text + "}";
  }
  if (!element.is_array()) return simdjson::to_string(element);
  std::vector<std::string> elements;
  for (const simdjson::dom::element one : simdjson::dom::array(element)) {
    elements.push_back(canonical(one));
  }
  std::ranges::sort(elements);
  std::string text = "[";
  for (const std::string& one : elements) text += (text.size() > 1 ? ",\n" : "\n") + one;
  return text + "]";
}

std::string canonical_json(const Bytes& request) {
  std::string json;
  const auto encoded = otlp::json::encode_request(Signal::kTraces, request.view(), &json);
  EXPECT_TRUE(encoded) << encoded.error().message;
  simdjson::dom::parser parser;
  return canonical(parser.parse(simdjson::padded_string(json)));
}

void compare(const fs::path& path) {
  SCOPED_TRACE(path.filename().string());
  const std::string name = path.filename().string();
  const Format format = name.ends_with(".pb") ? Format::kProtobuf : Format::kJson;
  const auto translated =
      testing::translate_text(format, file_text(path), name.contains("parse_string_tags"));
  const std::string golden = file_text(path.string() + ".otlp.json");
  ASSERT_FALSE(golden.empty()) << "no golden beside it";
  if (golden == "error\n") {
    EXPECT_FALSE(translated);
    return;
  }
  ASSERT_TRUE(translated) << translated.error().message;
  ASSERT_TRUE(otlp::admit(Signal::kTraces, translated->view()));
  Budget budget(64 << 20);
  ChunkPool pool(budget, 0);
  otlp::json::Decoder decoder;
  const auto expected =
      decoder.decode_request(Signal::kTraces, Bytes::copy_of(golden), pool, 1 << 20);
  ASSERT_TRUE(expected) << expected.error().message;
  EXPECT_EQ(canonical_json(*translated), canonical_json(*expected));
}

TEST(ZipkinGoldenTest, SpansBecomeWhatOtelcolMakesOfThem) {
  size_t count = 0;
  for (const auto& entry : fs::directory_iterator(MILLRACE_GOLDEN_DIR)) {
    if (entry.path().filename().string().ends_with(".otlp.json")) continue;
    compare(entry.path());
    ++count;
  }
  EXPECT_GT(count, 40u);
}

}  // namespace
}  // namespace millrace::receivers::zipkin
