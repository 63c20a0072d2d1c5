#include "daemon/trial/json_lines.h"

#include <simdjson.h>

#include <algorithm>
#include <utility>

namespace millrace::trial {
namespace {

using simdjson::dom::element;

constexpr size_t kLineBytesMax = 100;

bool is_attribute(const element& value) {
  return value.is_object() && value["key"].error() == simdjson::SUCCESS;
}

// An attribute stays on a line, and has that line for itself: so a change of one shows only this.
bool stays_on_a_line(const element& value, size_t line_bytes) {
  if (is_attribute(value) || !(value.is_object() || value.is_array())) return true;
  if (value.is_array()) {
    const simdjson::dom::array items = value.get_array();
    if (items.size() > 0 && is_attribute(items.at(0).value())) return false;
  }
  return line_bytes <= kLineBytesMax;
}

class Printer {
 public:
  // `before`: the text before the value on its first line; `after`: a comma or nothing.
  void print(const element& value, size_t depth, const std::string& before, const char* after) {
    const std::string indent(2 * depth, ' ');
    const std::string whole = simdjson::minify(value);
    if (stays_on_a_line(value, indent.size() + before.size() + whole.size())) {
      lines_.push_back(indent + before + whole + after);
      return;
    }
    lines_.push_back(indent + before + (value.is_object() ? "{" : "["));
    if (value.is_object()) {
      const simdjson::dom::object fields = value.get_object();
      size_t left = fields.size();
      for (const auto [key, inner] : fields) {
        print(inner, depth + 1, "\"" + std::string(key) + "\": ", --left > 0 ? "," : "");
      }
    } else {
      const simdjson::dom::array items = value.get_array();
      size_t left = items.size();
      for (const element item : items) print(item, depth + 1, "", --left > 0 ? "," : "");
    }
    lines_.push_back(indent + (value.is_object() ? "}" : "]") + after);
  }
  std::vector<std::string> take() { return std::move(lines_); }

 private:
  std::vector<std::string> lines_;
};

std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : ",") + part;
  return text;
}

std::string sorted(const element& value) {
  std::vector<std::string> parts;
  if (value.is_object()) {
    for (const auto [key, inner] : value.get_object()) {
      parts.push_back("\"" + std::string(key) + "\":" + sorted(inner));
    }
    std::ranges::sort(parts);
    return "{" + joined(parts) + "}";
  }
  if (!value.is_array()) return simdjson::minify(value);
  bool are_attributes = true;
  for (const element item : value.get_array()) {
    are_attributes = are_attributes && is_attribute(item);
    parts.push_back(sorted(item));
  }
  if (are_attributes) std::ranges::sort(parts);
  return "[" + joined(parts) + "]";
}

Error not_json(simdjson::error_code code) {
  return {Code::kInvalidArgument, std::string("not JSON: ") + simdjson::error_message(code)};
}

}  // namespace

Result<std::vector<std::string>> json_lines(std::string_view json) {
  simdjson::dom::parser parser;
  element root;
  if (const auto code = parser.parse(json.data(), json.size()).get(root)) {
    return std::unexpected(not_json(code));
  }
  Printer printer;
  printer.print(root, 0, "", "");
  return printer.take();
}

Result<std::string> sorted_json(std::string_view json) {
  simdjson::dom::parser parser;
  element root;
  if (const auto code = parser.parse(json.data(), json.size()).get(root)) {
    return std::unexpected(not_json(code));
  }
  return sorted(root);
}

}  // namespace millrace::trial
