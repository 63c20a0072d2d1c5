#include "processors/redaction/json_mask.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace millrace::processors::redaction {

namespace {

constexpr size_t kLevelsMax = 10'000;

class JsonMask {
 public:
  JsonMask(std::string_view text, ReservedText& into) : text_(text), into_(into) {}

  bool run() {
    if (!read_value()) return false;
    while (!are_objects_.empty() && !into_.failed()) {
      if (!read_next()) return false;
    }
    // Blanks behind the end stay, as in otelcol.
    const size_t end = at_;
    skip_blanks();
    into_.append(text_.substr(end, at_ - end));
    return at_ == text_.size();
  }

 private:
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  void skip_blanks() {
    while (at_ < text_.size() && std::string_view(" \t\n\r").contains(text_[at_])) at_++;
  }
  bool take(char wanted) {
    skip_blanks();
    if (peek() != wanted) return false;
    at_++;
    into_.append(wanted);
    return true;
  }

  // Between the members of the innermost object or list: its end, or one more member.
  bool read_next() {
    const bool is_object = are_objects_.back();
    if (take(is_object ? '}' : ']')) {
      are_objects_.pop_back();
      is_first_ = false;
      return true;
    }
    if (!is_first_ && !take(',')) return false;
    is_first_ = false;
    if (is_object && !read_key()) return false;
    return read_value();
  }
  bool read_key() {
    skip_blanks();
    const size_t begin = at_;
    if (!skip_string()) return false;
    into_.append(text_.substr(begin, at_ - begin));
    return take(':');
  }
  bool read_value() {
    skip_blanks();
    const char c = peek();
    if (c == '{' || c == '[') {
      if (are_objects_.size() == kLevelsMax) return false;
      are_objects_.push_back(c == '{');
      is_first_ = true;
      return take(c);
    }
    into_.append("\"?\"");
    if (c == '"') return skip_string();
    if (c == '-' || (c >= '0' && c <= '9')) return skip_number();
    for (const std::string_view word : {"true", "false", "null"}) {
      if (!text_.substr(at_).starts_with(word)) continue;
      at_ += word.size();
      return true;
    }
    return false;
  }

  bool skip_string() {
    if (peek() != '"') return false;
    for (at_++; at_ < text_.size(); at_++) {
      const char c = text_[at_];
      if (static_cast<uint8_t>(c) < 0x20) return false;
      if (c == '"') {
        at_++;
        return true;
      }
      if (c == '\\' && !skip_escape()) return false;
    }
    return false;
  }
  // Leaves the last character of the escape.
  bool skip_escape() {
    at_++;
    if (std::string_view("\"\\/bfnrt").contains(peek()) && at_ < text_.size()) return true;
    if (peek() != 'u') return false;
    for (size_t i = 0; i < 4; i++) {
      at_++;
      const char c = peek();
      const bool is_hex = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
      if (!is_hex) return false;
    }
    return true;
  }
  bool skip_digits() {
    const size_t begin = at_;
    while (peek() >= '0' && peek() <= '9') at_++;
    return at_ > begin;
  }
  bool skip_number() {
    if (peek() == '-') at_++;
    if (peek() == '0') {
      at_++;
    } else if (!skip_digits()) {
      return false;
    }
    if (peek() == '.') {
      at_++;
      if (!skip_digits()) return false;
    }
    if ((peek() | 0x20) != 'e') return true;
    at_++;
    if (peek() == '+' || peek() == '-') at_++;
    return skip_digits();
  }

  const std::string_view text_;
  ReservedText& into_;
  size_t at_ = 0;
  std::vector<bool> are_objects_;  // the open levels; false: a list
  bool is_first_ = false;          // no member of the innermost level has been read
};

}  // namespace

bool mask_json(std::string_view text, ReservedText& into) { return JsonMask(text, into).run(); }

}  // namespace millrace::processors::redaction
