#include "config/print.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdio>

#include "base/json_string.h"
#include "base/url_text.h"
#include "yaml/scalar.h"

namespace millrace::config {
namespace {

using yaml::Node;

bool sounds_secret(std::string_view key) {
  std::string lower(key);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  constexpr std::string_view kWords[] = {"password", "secret", "key_pem", "api_key", "apikey"};
  if (lower == "headers" || lower == "token" || lower.ends_with("_token")) return true;
  return std::ranges::any_of(kWords, [&](std::string_view word) { return lower.contains(word); });
}

// True for text that YAML reads back as the same text without quotes.
bool is_plain_text(std::string_view text) {
  if (text.empty() || yaml::to_boolean(text) || yaml::to_number(text)) return false;
  constexpr std::string_view kReserved[] = {"null", "Null", "NULL", "~",  "<<", "y",
                                            "n",    "yes",  "no",   "on", "off"};
  if (std::ranges::find(kReserved, text) != std::end(kReserved)) return false;
  if (std::string_view("-?:,[]{}#&*!|>'\"%@`= ").contains(text.front())) return false;
  if (text.back() == ' ' || text.back() == ':') return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x20 || byte == 0x7f) return false;
    if (text[i] == ':' && text.substr(i, 2) == ": ") return false;
    if (text[i] == '#' && text[i - 1] == ' ') return false;
  }
  return true;
}

std::string yaml_text(std::string_view text) {
  return is_plain_text(text) ? std::string(text) : json_string(text);
}

class Printer {
 public:
  Printer(const Diagnostics& diagnostics, PrintFormat format, SecretMode mode)
      : diagnostics_(diagnostics), format_(format), mode_(mode) {}

  std::string print(const Node& root) {
    // Nothing configured is an empty mapping in both formats.
    if (root.kind == Node::Kind::kNull) return "{}\n";
    if (format_ == PrintFormat::kJson) {
      print_json(root, "", false, 0);
      return out_ + "\n";
    }
    if (is_empty(root)) return "{}\n";
    print_yaml(root, "", false, 0);
    return out_;
  }

 private:
  static bool is_empty(const Node& node) { return node.mapping.empty() && node.sequence.empty(); }

  bool hides(const std::string& path, std::string_view key) const {
    return mode_ == SecretMode::kRedacted && (diagnostics_.is_secret(path) || sounds_secret(key));
  }

  static std::string child(const std::string& path, const std::string& key) {
    return path.empty() ? key : path + "::" + key;
  }

  std::string scalar(const Node& node, bool is_hidden) const {
    const bool is_json = format_ == PrintFormat::kJson;
    if (node.kind == Node::Kind::kNull) return "null";
    if (is_hidden) return is_json ? "\"[REDACTED]\"" : "'[REDACTED]'";
    if (node.kind == Node::Kind::kMapping) return "{}";
    if (node.kind == Node::Kind::kSequence) return "[]";
    if (const auto boolean = yaml::to_boolean(node)) return *boolean ? "true" : "false";
    if (const auto integer = yaml::to_integer(node)) {
      return is_json ? std::to_string(*integer) : node.scalar;
    }
    if (const auto number = yaml::to_number(node)) {
      if (!is_json) return node.scalar;
      if (!std::isfinite(*number)) return json_string(node.scalar);
      char text[32];
      std::snprintf(text, sizeof text, "%.17g", *number);
      return text;
    }
    const std::string shown = mode_ == SecretMode::kRedacted ? hide_urls(node.scalar) : node.scalar;
    return is_json ? json_string(shown) : yaml_text(shown);
  }

  void print_yaml(const Node& node, const std::string& path, bool is_hidden, size_t indent) {
    for (const Node::Entry& entry : node.mapping) {
      const std::string below = child(path, entry.key);
      const bool hidden = is_hidden || hides(below, entry.key);
      out_ += std::string(indent, ' ') + yaml_text(entry.key) + ":";
      print_yaml_value(entry.value, below, hidden, indent + 4);
    }
    for (size_t i = 0; i < node.sequence.size(); ++i) {
      const std::string below = path + "[" + std::to_string(i) + "]";
      print_yaml_element(node.sequence[i], below, is_hidden, indent);
    }
  }

  // The first key of a mapping stands behind the dash.
  void print_yaml_element(const Node& element, const std::string& path, bool is_hidden,
                          size_t indent) {
    const size_t begin = out_.size();
    if (element.mapping.empty()) {
      out_ += std::string(indent, ' ') + "-";
      return print_yaml_value(element, path, is_hidden, indent + 4);
    }
    print_yaml(element, path, is_hidden, indent + 2);
    out_[begin + indent] = '-';
  }

  void print_yaml_value(const Node& value, const std::string& path, bool is_hidden, size_t indent) {
    if (is_empty(value)) {
      out_ += " " + scalar(value, is_hidden) + "\n";
      return;
    }
    out_ += "\n";
    print_yaml(value, path, is_hidden, indent);
  }

  void print_json(const Node& node, const std::string& path, bool is_hidden, size_t indent) {
    if (is_empty(node)) {
      out_ += scalar(node, is_hidden);
      return;
    }
    const bool is_mapping = node.kind == Node::Kind::kMapping;
    const std::string inside(indent + 2, ' ');
    out_ += is_mapping ? "{" : "[";
    bool first = true;
    for (const Node::Entry& entry : node.mapping) {
      const std::string below = child(path, entry.key);
      out_ += (first ? "\n" : ",\n") + inside + json_string(entry.key) + ": ";
      print_json(entry.value, below, is_hidden || hides(below, entry.key), indent + 2);
      first = false;
    }
    for (size_t i = 0; i < node.sequence.size(); ++i) {
      out_ += (first ? "\n" : ",\n") + inside;
      print_json(node.sequence[i], path + "[" + std::to_string(i) + "]", is_hidden, indent + 2);
      first = false;
    }
    out_ += "\n" + std::string(indent, ' ') + (is_mapping ? "}" : "]");
  }

  const Diagnostics& diagnostics_;
  PrintFormat format_;
  SecretMode mode_;
  std::string out_;
};

}  // namespace

std::string print(const Node& root, const Diagnostics& diagnostics, PrintFormat format,
                  SecretMode mode) {
  return Printer(diagnostics, format, mode).print(root);
}

}  // namespace millrace::config
