#include "recorded.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "otlp/json/testing/json_request.h"

namespace millrace::golden {
namespace {

using simdjson::dom::element;

std::string canonical(const element& value, Order order);

// otelcol writes these also when they are empty.
bool is_left_out(std::string_view key, const std::string& value) {
  static constexpr std::array<std::string_view, 6> kMessages = {"status", "resource", "scope",
                                                                "body",   "positive", "negative"};
  return value == "{}" && std::ranges::find(kMessages, key) != kMessages.end();
}

bool is_time_of_run(std::string_view key, const std::string& value) {
  return key.ends_with("imeUnixNano") &&
         (value == "\"0\"" || value == fmt::format("\"{}\"", kRunUnixNano));
}

std::string canonical_fields(simdjson::dom::object object, Order order) {
  std::vector<std::string> fields;
  for (const auto [key, value] : object) {
    const std::string text = canonical(value, order);
    if (is_left_out(key, text)) continue;
    if (order == Order::kAny && is_time_of_run(key, text)) continue;
    fields.push_back("\"" + std::string(key) + "\":" + text);
  }
  std::ranges::sort(fields);
  std::string text;
  for (const std::string& field : fields) text += (text.empty() ? "" : ",") + field;
  return "{" + text + "}";
}

// The order of attributes has no meaning.
std::string canonical(const element& value, Order order) {
  if (value.is_object()) return canonical_fields(value.get_object(), order);
  // The last digits of logarithms are the library's.
  if (value.is_double()) return fmt::format("{:.12g}", value.get_double().value_unsafe());
  if (!value.is_array()) return simdjson::minify(value);
  std::vector<std::string> items;
  bool are_attributes = true;
  bool are_messages = true;
  for (const element item : value.get_array()) {
    are_messages = are_messages && item.is_object();
    are_attributes = are_attributes && item.is_object() && item["key"].error() == simdjson::SUCCESS;
    items.push_back(canonical(item, order));
  }
  if (are_attributes || (are_messages && order == Order::kAny)) std::ranges::sort(items);
  std::string text;
  for (const std::string& item : items) text += (text.empty() ? "" : ",\n ") + item;
  return "[" + text + "]";
}

}  // namespace

std::string canonical_request(Signal signal, std::string_view json, Order order) {
  const Rope request(testing::request_of_json(signal, json));
  simdjson::dom::parser parser;
  return canonical(
      parser.parse(simdjson::padded_string(testing::json_of_request(signal, request))).value(),
      order);
}

std::string expected(Signal output, const element& one, Order order) {
  std::string_view reason;
  if (one["refused"].get(reason) == simdjson::SUCCESS) return "refused: " + std::string(reason);
  if (one["failed"].get(reason) == simdjson::SUCCESS) return "failed: " + std::string(reason);
  std::string text;
  for (const element request : one["output"].get_array()) {
    const std::string form = canonical_request(output, simdjson::minify(request), order);
    // otelcol hands on requests without content, which do not exist here.
    if (form != "{}") text += form + "\n";
  }
  return text;
}

bool is_equal(const std::string& here, const std::string& there) {
  for (const std::string_view kind : {"refused: ", "failed: "}) {
    if (there.starts_with(kind)) return here.starts_with(kind);
  }
  return here == there;
}

Signal signal_named(std::string_view name) {
  return name == "traces" ? Signal::kTraces : name == "logs" ? Signal::kLogs : Signal::kMetrics;
}

std::vector<std::string> files(const std::string& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".json") names.push_back(entry.path().stem());
  }
  std::ranges::sort(names);
  return names;
}

}  // namespace millrace::golden
