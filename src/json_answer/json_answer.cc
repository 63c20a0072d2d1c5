#include "json_answer/json_answer.h"

// As in otlp/json: misuse of the parser is not checked at run time.
#define SIMDJSON_DEVELOPMENT_CHECKS 0
#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace millrace::json_answer {

using simdjson::dom::element;

struct JsonAnswer::State {
  simdjson::dom::parser parser;
};
struct JsonAnswer::Node {
  element root;
};

namespace {

bool is_same_name(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::ranges::equal(a, b, [&](char x, char y) { return lower(x) == lower(y); });
}

// The last member of that name, as Go reads objects; false: none.
bool find_member(const element& in, std::string_view name, element& into) {
  simdjson::dom::object object;
  if (in.get_object().get(object) != simdjson::SUCCESS) return false;
  bool is_found = false;
  for (const simdjson::dom::key_value_pair member : object) {
    if (!is_same_name(member.key, name)) continue;
    into = member.value;
    is_found = true;
  }
  return is_found;
}

bool find(element root, std::string_view path, element& into) {
  into = root;
  while (!path.empty()) {
    const size_t dot = std::min(path.find('.'), path.size());
    element next;
    if (!find_member(into, path.substr(0, dot), next)) return false;
    into = next;
    path.remove_prefix(std::min(dot + 1, path.size()));
  }
  return true;
}

std::optional<int64_t> number_in(const element& found) {
  int64_t number = 0;
  if (found.get_int64().get(number) == simdjson::SUCCESS) return number;
  double real = 0;
  if (found.get_double().get(real) == simdjson::SUCCESS) {
    constexpr double kMax = 9e18;
    return static_cast<int64_t>(std::clamp(real, -kMax, kMax));
  }
  std::string_view text;
  if (found.get_string().get(text) != simdjson::SUCCESS) return std::nullopt;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace

Result<JsonAnswer> JsonAnswer::parse(std::string_view text) {
  auto state = std::make_shared<State>();
  auto node = std::make_shared<Node>();
  simdjson::error_code error = state->parser.allocate(text.size() + 1, kJsonDepthMax);
  if (error == simdjson::SUCCESS) {
    error = state->parser.parse(text.data(), text.size()).get(node->root);
  }
  if (error != simdjson::SUCCESS) {
    return fail(Code::kInvalidArgument,
                std::string("the answer is not JSON: ") + simdjson::error_message(error));
  }
  if (!node->root.is_object()) return fail(Code::kInvalidArgument, "the answer is no JSON object");
  return JsonAnswer(std::move(state), std::move(node));
}

std::string JsonAnswer::text(std::string_view path) const {
  element found;
  std::string_view text;
  if (!find(node_->root, path, found) || found.get_string().get(text) != simdjson::SUCCESS) {
    return "";
  }
  return std::string(text);
}

std::optional<int64_t> JsonAnswer::number(std::string_view path) const {
  element found;
  if (!find(node_->root, path, found)) return std::nullopt;
  return number_in(found);
}

std::optional<double> JsonAnswer::real(std::string_view path) const {
  element found;
  double real = 0;
  if (!find(node_->root, path, found) || found.get_double().get(real) != simdjson::SUCCESS) {
    return std::nullopt;
  }
  return real;
}

bool JsonAnswer::flag(std::string_view path) const {
  element found;
  bool flag = false;
  return find(node_->root, path, found) && found.get_bool().get(flag) == simdjson::SUCCESS && flag;
}

std::vector<std::string> JsonAnswer::texts(std::string_view path) const {
  std::vector<std::string> texts;
  element found;
  simdjson::dom::array array;
  if (!find(node_->root, path, found) || found.get_array().get(array) != simdjson::SUCCESS) {
    return texts;
  }
  for (const element each : array) {
    std::string_view text;
    if (each.get_string().get(text) == simdjson::SUCCESS) texts.emplace_back(text);
  }
  return texts;
}

void JsonAnswer::each_real(std::string_view path, const std::function<void(double)>& visit) const {
  element found;
  simdjson::dom::array array;
  if (!find(node_->root, path, found) || found.get_array().get(array) != simdjson::SUCCESS) return;
  for (const element each : array) {
    double real = 0;
    if (each.get_double().get(real) == simdjson::SUCCESS) visit(real);
  }
}

void JsonAnswer::each(std::string_view path,
                      const std::function<void(const JsonAnswer&)>& visit) const {
  element found;
  simdjson::dom::array array;
  if (!find(node_->root, path, found) || found.get_array().get(array) != simdjson::SUCCESS) return;
  for (const element each : array) {
    if (each.is_object()) visit(JsonAnswer(state_, std::make_shared<Node>(Node{each})));
  }
}

void JsonAnswer::each_text(
    std::string_view path,
    const std::function<void(std::string_view name, std::string_view text)>& visit) const {
  element found;
  simdjson::dom::object object;
  if (!find(node_->root, path, found) || found.get_object().get(object) != simdjson::SUCCESS) {
    return;
  }
  for (const simdjson::dom::key_value_pair member : object) {
    std::string_view text;
    if (member.value.get_string().get(text) == simdjson::SUCCESS) visit(member.key, text);
  }
}

void JsonAnswer::each_number(
    std::string_view path,
    const std::function<void(std::string_view name, int64_t number)>& visit) const {
  element found;
  simdjson::dom::object object;
  if (!find(node_->root, path, found) || found.get_object().get(object) != simdjson::SUCCESS) {
    return;
  }
  for (const simdjson::dom::key_value_pair member : object) {
    if (const auto number = number_in(member.value)) visit(member.key, *number);
  }
}

}  // namespace millrace::json_answer
