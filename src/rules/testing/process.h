// Runs a processor on requests written as OTLP/JSON, for tests.
#pragma once

#include <gtest/gtest.h>
#include <simdjson.h>

#include <map>
#include <string>
#include <string_view>

#include "config/section.h"
#include "memory/testing/test_work.h"
#include "otlp/admit.h"
#include "otlp/json/testing/json_request.h"
#include "pipeline/processor.h"
#include "yaml/parse.h"

namespace millrace::rules::testing {

// The same text for the same content: the order of an object's members does not matter.
inline std::string canonical(const simdjson::dom::element& value) {
  std::string text;
  switch (value.type()) {
    case simdjson::dom::element_type::OBJECT: {
      std::map<std::string_view, std::string> members;
      for (const auto [key, member] : value.get_object()) members[key] = canonical(member);
      for (const auto& [key, member] : members) text += std::string(key) + ":" + member + " ";
      return "{" + text + "}";
    }
    case simdjson::dom::element_type::ARRAY:
      for (const auto element : value.get_array()) text += canonical(element) + " ";
      return "[" + text + "]";
    default:
      return simdjson::minify(value);
  }
}
inline std::string canonical(std::string_view json) {
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  const simdjson::padded_string padded(json);
  if (parser.parse(padded).get(root) != simdjson::SUCCESS) return "no JSON: " + std::string(json);
  return canonical(root);
}

// Reads a processor's section. What is wrong with it is in `errors`.
template <class Options, class Read>
std::string read_yaml(std::string_view text, const Read& read, Options* options) {
  const auto root = yaml::parse(text, "test.yaml");
  if (!root) return root.error().message;
  config::Diagnostics diagnostics;
  config::Section section(*root, diagnostics, "p");
  read(section, options);
  section.finish();
  return diagnostics.has_errors() ? diagnostics.to_text() : "";
}

struct Processed {
  std::string json;  // canonical; empty when nothing is left
  std::string error;
  uint32_t filtered_count = 0;
  Rope request;
};

// The result would pass admission, and its items are those that the processor reports.
inline Processed process(pipeline::Processor& processor, Signal signal, const Rope& request) {
  millrace::testing::TestWork own;
  pipeline::Payload payload;
  payload.signal = signal;
  payload.bytes = request;
  payload.item_count = otlp::admit(signal, request.to_bytes().view())->item_count;
  const uint32_t count_before = payload.item_count;
  const auto result = processor.process(payload, own.work);
  Processed processed;
  if (!result) {
    processed.error = result.error().message;
    return processed;
  }
  processed.filtered_count = result->filtered_count;
  EXPECT_EQ(payload.item_count + result->left_count(), count_before + result->added_count);
  processed.request = Rope(Bytes::copy_of(payload.bytes.to_bytes().view()));
  const Bytes bytes = processed.request.to_bytes();
  const auto admitted = otlp::admit(signal, bytes.view());
  EXPECT_TRUE(admitted.has_value()) << admitted.error().to_error().message;
  if (admitted) EXPECT_EQ(admitted->item_count, payload.item_count);
  if (!bytes.empty()) {
    processed.json = canonical(millrace::testing::json_of_request(signal, processed.request));
  }
  return processed;
}

}  // namespace millrace::rules::testing
