// Redacts the attributes of a span and compares with a naive twin on pairs of strings. The result
// is admitted, and no value of a key that is not ignored has a match any more.
#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/testing/fuzz_input.h"
#include "memory/testing/test_work.h"
#include "otlp/admit.h"
#include "otlp/attribute_list.h"
#include "otlp/edit.h"
#include "processors/redaction/redaction_processor.h"
#include "wire/utf8.h"
#include "wire/writer.h"
#include "yaml/parse.h"

namespace {

using namespace millrace;
using namespace millrace::processors::redaction;

struct Pair {
  std::string key;
  std::string text;
  bool is_text = true;
  friend bool operator==(const Pair&, const Pair&) = default;
};
using Pairs = std::vector<Pair>;

struct Choices {
  bool allow_all = false;
  bool ignores_a = false;
  bool masks_t = false;
  bool allows_ok = false;
  bool looks_around = false;
};

Options options_of(const Choices& c) {
  std::string yaml = "{allowed_keys: [a, b, t], blocked_values: ['4[0-9]{3}', 'x+y'";
  if (c.looks_around) yaml += ", '^z'";
  yaml += "]";
  if (c.allow_all) yaml += ", allow_all_keys: true";
  if (c.ignores_a) yaml += ", ignored_keys: [a]";
  if (c.masks_t) yaml += ", blocked_key_patterns: ['^t$']";
  if (c.allows_ok) yaml += ", allowed_values: [ok]";
  const auto root = yaml::parse(yaml + "}", "a.yaml");
  config::Diagnostics diagnostics;
  config::Section section(*root, diagnostics, "redaction");
  Options options;
  read_options(section, options);
  MILLRACE_CHECK(!diagnostics.has_errors());
  return options;
}

void redact_naively(const Choices& c, Pairs& pairs) {
  std::erase_if(pairs, [&](const Pair& pair) {
    const bool is_allowed = c.allow_all || std::string("abt").find(pair.key) != std::string::npos;
    return !is_allowed && !(c.ignores_a && pair.key == "a");
  });
  for (Pair& pair : pairs) {
    if (c.ignores_a && pair.key == "a") continue;
    std::string text = pair.is_text ? pair.text : "";
    if (c.allows_ok && text.find("ok") != std::string::npos) continue;
    if (c.masks_t && pair.key == "t") {
      re2::RE2::GlobalReplace(&text, "[^\n]+", "****");
      if (text.empty()) text = "****";
      while (re2::RE2::GlobalReplace(&text, "\n\n", "\n****\n") > 0) {
      }
      if (text.front() == '\n') text = "****" + text;
      if (text.back() == '\n') text += "****";
      pair = {pair.key, text, true};
      continue;
    }
    const std::string before = text;
    re2::RE2::GlobalReplace(&text, "4[0-9]{3}", "****");
    re2::RE2::GlobalReplace(&text, "x+y", "****");
    if (c.looks_around) re2::RE2::Replace(&text, "^z", "****");
    if (text != before) pair = {pair.key, text, true};
  }
}

Bytes request_of(const Pairs& pairs) {
  wire::Writer w(256);
  const auto resource_spans = w.open(1);
  const auto scope_spans = w.open(2);
  const auto span = w.open(2);
  for (const Pair& pair : pairs) {
    const auto entry = w.open(9);
    w.string_field(1, pair.key);
    w.string_field(
        2, pair.is_text ? otlp::encode_string_value(pair.text) : otlp::encode_int_value(4111));
    w.close(entry);
  }
  w.close(span);
  w.close(scope_spans);
  w.close(resource_spans);
  return Bytes::copy_of(w.view());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  millrace::testing::FuzzInput input(data, size);
  const Choices choices{input.flag(), input.flag(), input.flag(), input.flag(), input.flag()};
  constexpr std::array<std::string_view, 5> kKeys = {"a", "b", "t", "c", "longer.key"};
  Pairs pairs;
  while (!input.empty() && pairs.size() < 20) {
    Pair pair{.key = std::string(kKeys[input.choice(kKeys.size())]), .text = {}};
    pair.is_text = input.choice(4) != 0;
    pair.text = pair.is_text ? wire::to_utf8(input.text()) : "4111";
    pairs.push_back(std::move(pair));
  }
  testing::TestWork own;
  pipeline::Payload payload;
  payload.bytes = Rope(request_of(pairs));
  payload.item_count = 1;
  MILLRACE_CHECK(make_redaction_processor(options_of(choices))->process(payload, own.work));
  redact_naively(choices, pairs);
  const Bytes bytes = Bytes::copy_of(payload.bytes.to_bytes().view());
  MILLRACE_CHECK(otlp::admit(Signal::kTraces, bytes.view())->item_count == 1);
  Pairs seen;
  const auto look = [&](const otlp::EditContext&, otlp::AttributeList& list) {
    list.for_each([&](std::string_view key, const otlp::AnyValueView& value) {
      seen.push_back({std::string(key), otlp::to_text(value),
                      value.type == otlp::AnyValueView::Type::kString});
    });
  };
  MILLRACE_CHECK(otlp::edit_item_attributes(Signal::kTraces, Rope(bytes), look, own.work));
  MILLRACE_CHECK(seen == pairs);
  return 0;
}
