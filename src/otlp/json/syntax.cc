#include "otlp/json/syntax.h"

#include <algorithm>

#include "wire/utf8.h"

namespace millrace::otlp::json {
namespace {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_hex_digit(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

class Checker {
 public:
  Checker(std::string_view text, Pace* pace) : text_(text), pace_(pace) {}

  std::optional<SyntaxError> run() {
    if (!document()) return SyntaxError{at_, what_};
    return std::nullopt;
  }

 private:
  bool error(std::string_view what) {
    what_ = at_ == text_.size() ? "the text ends too soon" : what;
    return false;
  }
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  void skip_space() {
    while (at_ < text_.size() && std::string_view(" \t\n\r").contains(text_[at_])) ++at_;
  }

  // Each iteration reads one value or closes one container; open containers are on a stack.
  bool document() {
    bool value_expected = true;
    bool may_close = false;  // directly behind an opening bracket
    for (size_t told = 0;; told = at_) {
      if (pace_ != nullptr) pace_->step(5 * (at_ - told) + 10);
      skip_space();
      if (value_expected) {
        if (may_close && peek() == (open_.back() == '{' ? '}' : ']')) {
          value_expected = may_close = false;
          continue;
        }
        if (!open_.empty() && open_.back() == '{' && !key()) return false;
        may_close = false;
        if (peek() == '{' || peek() == '[') {
          open_ += text_[at_++];
          may_close = true;
          continue;
        }
        if (!scalar()) return false;
        value_expected = false;
        skip_space();
      }
      if (open_.empty()) return at_ == text_.size() || error("expected nothing more");
      if (peek() == (open_.back() == '{' ? '}' : ']')) {
        ++at_;
        open_.pop_back();
        continue;
      }
      if (peek() != ',') return error("expected a comma or the closing bracket");
      ++at_;
      value_expected = true;
    }
  }

  bool key() {
    if (peek() != '"') return error("expected a key in double quotes");
    if (!string()) return false;
    skip_space();
    if (peek() != ':') return error("expected a colon");
    ++at_;
    skip_space();
    return true;
  }

  bool scalar() {
    const char c = peek();
    if (c == '"') return string();
    for (const std::string_view word : {"true", "false", "null"}) {
      if (c != word[0]) continue;
      if (text_.substr(at_).starts_with(word)) {
        at_ += word.size();
        return ends_here();
      }
      return error("expected true, false or null");
    }
    if (c != '-' && !is_digit(c)) return error("expected a value");
    size_t end = at_;
    while (end < text_.size() && std::string_view("+-.eE0123456789").contains(text_[end])) ++end;
    if (!is_json_number(text_.substr(at_, end - at_))) return error("malformed number");
    at_ = end;
    return ends_here();
  }

  // Checks that a word or number is not followed by a character that could continue it.
  bool ends_here() {
    if (at_ == text_.size() || std::string_view(" \t\n\r,]}").contains(text_[at_])) return true;
    return error("unexpected character");
  }

  bool string() {
    ++at_;
    while (at_ < text_.size()) {
      const auto c = static_cast<unsigned char>(text_[at_]);
      if (c == '"') {
        ++at_;
        return true;
      }
      if (c < 0x20) return error("control character in a string");
      if (c == '\\') {
        if (!escape()) return false;
      } else if (c < 0x80) {
        ++at_;
      } else if (!character()) {
        return error("not UTF-8");
      }
    }
    return error("");
  }

  bool character() {
    for (size_t size = 2; size <= 4 && at_ + size <= text_.size(); ++size) {
      if (wire::is_utf8(text_.substr(at_, size))) {
        at_ += size;
        return true;
      }
    }
    return false;
  }

  bool escape() {
    const std::string_view rest = text_.substr(at_);
    if (rest.size() < 2) {
      at_ = text_.size();
      return error("");
    }
    if (rest[1] != 'u') {
      if (!std::string_view("\"\\/bfnrt").contains(rest[1])) return error("unknown escape");
      at_ += 2;
      return true;
    }
    uint32_t unit = 0;
    if (!code_unit(rest, &unit)) return error("\\u needs four hex digits");
    if (unit >= 0xDC00 && unit < 0xE000) return error("half of a surrogate pair");
    if (unit >= 0xD800 && unit < 0xDC00) {
      uint32_t low = 0;
      if (!code_unit(rest.substr(6), &low) || low < 0xDC00 || low >= 0xE000) {
        return error("half of a surrogate pair");
      }
      at_ += 6;
    }
    at_ += 6;
    return true;
  }

  static bool code_unit(std::string_view text, uint32_t* unit) {
    if (text.size() < 6 || text[0] != '\\' || text[1] != 'u') return false;
    for (const char c : text.substr(2, 4)) {
      if (!is_hex_digit(c)) return false;
      *unit = *unit * 16 + static_cast<uint32_t>(is_digit(c) ? c - '0' : (c | 0x20) - 'a' + 10);
    }
    return true;
  }

  std::string_view text_;
  Pace* const pace_;
  size_t at_ = 0;
  std::string_view what_;
  std::string open_;  // the brackets that are not closed yet
};

}  // namespace

std::optional<SyntaxError> find_syntax_error(std::string_view text, Pace* pace) {
  return Checker(text, pace).run();
}

bool is_json_number(std::string_view text) {
  size_t at = 0;
  const auto digits = [&] {
    const size_t start = at;
    while (at < text.size() && is_digit(text[at])) ++at;
    return at - start;
  };
  if (at < text.size() && text[at] == '-') ++at;
  const bool leading_zero = at < text.size() && text[at] == '0';
  const size_t whole = digits();
  if (whole == 0 || (leading_zero && whole > 1)) return false;
  if (at < text.size() && text[at] == '.') {
    ++at;
    if (digits() == 0) return false;
  }
  if (at < text.size() && (text[at] | 0x20) == 'e') {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    if (digits() == 0) return false;
  }
  return at == text.size();
}

std::string TextPosition::to_text() const {
  return "line " + std::to_string(line) + ", column " + std::to_string(column);
}

TextPosition locate(std::string_view text, size_t offset, Pace* pace) {
  constexpr size_t kStepBytes = 64 * 1024;
  TextPosition place{.line = 1, .column = offset + 1};
  for (size_t at = 0; at < offset; at += kStepBytes) {
    const std::string_view step = text.substr(at, std::min(kStepBytes, offset - at));
    place.line += static_cast<size_t>(std::count(step.begin(), step.end(), '\n'));
    const size_t newline = step.rfind('\n');
    if (newline != std::string_view::npos) place.column = offset - (at + newline);
    if (pace != nullptr) pace->step(step.size());
  }
  return place;
}

}  // namespace millrace::otlp::json
