// Batches of Jaeger's and what otelcol's translator (jaeger v0.165.1) makes of them:
// tests/golden/jaeger/batches.json, which tests/differential/jaeger.sh records. The order of
// resources, scopes, spans and attributes means nothing there and is not compared, and a resource
// without spans, which is not passed on here, is left out.
#include <gtest/gtest.h>
#include <simdjson.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "otlp/admit.h"
#include "otlp/json/decode.h"
#include "otlp/json/encode.h"
#include "receivers/jaeger/testing.h"

namespace millrace::receivers::jaeger {
namespace {

// Otherwise here, for the reason in this component's README.
const std::set<std::string, std::less<>> kDeviations = {"raw_without_start"};

std::string canonical(simdjson::dom::element element) {
  if (element.is_object()) {
    std::vector<std::string> members;
    for (const auto& [key, value] : simdjson::dom::object(element)) {
      const std::string text = canonical(value);
      if (text != "{}" && text != "[]") members.push_back("\"" + std::string(key) + "\":" + text);
    }
    std::ranges::sort(members);
    std::string text = "{";
    for (const std::string& member : members) text += (text.size() > 1 ? "," : "") + member;
    return text + "}";
  }
  if (!element.is_array()) return simdjson::to_string(element);
  std::vector<std::string> elements;
  for (const simdjson::dom::element one : simdjson::dom::array(element)) {
    simdjson::dom::element spans;
    const bool is_resource = one["resource"].error() == simdjson::SUCCESS;
    if (is_resource && one["scopeSpans"].get(spans) != simdjson::SUCCESS) continue;
    elements.push_back(canonical(one));
  }
  std::ranges::sort(elements);
  std::string text = "[";
  for (const std::string& one : elements) text += (text.size() > 1 ? ",\n" : "\n") + one;
  return elements.empty() ? "[]" : text + "]";
}

std::string canonical_json(const Bytes& request) {
  std::string json;
  const auto encoded = otlp::json::encode_request(Signal::kTraces, request.view(), &json);
  EXPECT_TRUE(encoded) << encoded.error().message;
  simdjson::dom::parser parser;
  return canonical(parser.parse(simdjson::padded_string(json)));
}

std::string from_base64(std::string_view text) {
  static constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string bytes;
  uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    if (c == '=') break;
    bits = bits << 6 | static_cast<uint32_t>(kAlphabet.find(c));
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes += static_cast<char>(bits >> count & 0xff);
  }
  return bytes;
}

Format format_of(std::string_view encoding) {
  if (encoding == "protobuf") return Format::kProtobuf;
  if (encoding == "thrift") return Format::kThrift;
  return encoding == "compact" ? Format::kThriftCompact : Format::kThriftBinary;
}

Bytes decoded(const std::string& json) {
  Budget budget(64 << 20);
  ChunkPool pool(budget, 0);
  otlp::json::Decoder decoder;
  const auto request = decoder.decode_request(Signal::kTraces, Bytes::copy_of(json), pool, 1 << 20);
  EXPECT_TRUE(request) << request.error().message;
  return Bytes::copy_of(request->view());
}

void compare(Format format, const std::string& body, simdjson::dom::element golden,
             bool is_deviation) {
  const auto translated = testing::translate_text(format, body);
  std::string_view said;
  if (golden.get(said) == simdjson::SUCCESS) {
    EXPECT_EQ(said, "error");
    EXPECT_FALSE(translated);
    return;
  }
  ASSERT_TRUE(translated) << translated.error().message;
  ASSERT_TRUE(otlp::admit(Signal::kTraces, translated->view()));
  const std::string here = canonical_json(*translated);
  const std::string there = canonical_json(decoded(simdjson::minify(golden)));
  if (is_deviation) {
    EXPECT_NE(here, there) << "does no longer differ";
  } else {
    EXPECT_EQ(here, there);
  }
}

TEST(JaegerGoldenTest, BatchesBecomeWhatOtelcolMakesOfThem) {
  simdjson::dom::parser parser;
  simdjson::dom::array cases = parser.load(MILLRACE_GOLDEN_FILE);
  size_t count = 0;
  for (const simdjson::dom::element one : cases) {
    const std::string name{std::string_view(one["name"])};
    for (const auto& [encoding, body] : simdjson::dom::object(one["bodies"])) {
      SCOPED_TRACE(name + " " + std::string(encoding));
      compare(format_of(encoding), from_base64(std::string_view(body)), one["otlp"],
              kDeviations.contains(name));
      ++count;
    }
  }
  EXPECT_GT(count, 300u);
}

}  // namespace
}  // namespace millrace::receivers::jaeger
