#include "ottl/lexer.h"

#include "ottl/characters.h"
#include "ottl/syntax.h"
#include "wire/utf8.h"

namespace millrace::ottl {
namespace {

using Kind = Token::Kind;

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

Kind kind_of_word(std::string_view word) {
  if (word == "nil") return Kind::kNil;
  if (word == "true") return Kind::kTrue;
  if (word == "false") return Kind::kFalse;
  if (word == "not") return Kind::kNot;
  if (word == "and") return Kind::kAnd;
  if (word == "or") return Kind::kOr;
  bool has_lower = false;
  bool has_upper = false;
  for (const char c : word) {
    has_lower |= is_lower(c);
    has_upper |= is_upper(c);
  }
  return has_lower && has_upper ? Kind::kMixedName
         : has_lower            ? Kind::kLowerName
                                : Kind::kUpperName;
}

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  std::expected<std::vector<Token>, Diagnostic> read() {
    while (true) {
      while (at_ < text_.size() && is_space(text_[at_])) at_++;
      if (at_ == text_.size()) break;
      Kind kind = Kind::kSign;
      const size_t size = measure(&kind);
      if (size == 0) return std::unexpected(failure());
      if (tokens_.size() == kTokensMax) {
        return std::unexpected(
            Diagnostic{static_cast<uint32_t>(at_),
                       "more than " + std::to_string(kTokensMax) + " words and signs"});
      }
      tokens_.push_back({kind, static_cast<uint32_t>(at_), text_.substr(at_, size)});
      at_ += size;
    }
    tokens_.push_back({Kind::kEnd, static_cast<uint32_t>(at_), {}});
    return std::move(tokens_);
  }

 private:
  static bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v';
  }
  char peek(size_t ahead) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }

  // The size of the next token; 0: there is none.
  size_t measure(Kind* kind) const {
    const char first = text_[at_];
    if (is_lower(first) || is_upper(first)) {
      size_t size = 1;
      while (is_lower(peek(size)) || is_upper(peek(size)) || is_digit(peek(size)) ||
             peek(size) == '_') {
        size++;
      }
      *kind = kind_of_word(text_.substr(at_, size));
      return size;
    }
    if (is_digit(first) || (first == '.' && is_digit(peek(1)))) return measure_number(kind);
    if (first == '"') return measure_string(kind);
    const char second = peek(1);
    if (first == '=' && second == '>') {
      *kind = Kind::kArrow;
      return 2;
    }
    if ((first == '=' || first == '!' || first == '<' || first == '>') && second == '=') {
      *kind = Kind::kComparison;
      return 2;
    }
    if (first == '<' || first == '>') {
      *kind = Kind::kComparison;
      return 1;
    }
    *kind = Kind::kSign;
    return std::string_view("+-*/=(){}[]:,._").contains(first) ? 1 : 0;
  }

  size_t measure_number(Kind* kind) const {
    size_t size = 0;
    if (peek(0) == '0' && peek(1) == 'x' && hex_value(peek(2)) >= 0) {
      *kind = Kind::kBytes;
      for (size = 2; hex_value(peek(size)) >= 0;) size++;
      return size;
    }
    *kind = Kind::kInt;
    while (is_digit(peek(size))) size++;
    if (peek(size) != '.') return size;
    *kind = Kind::kFloat;
    size++;
    while (is_digit(peek(size))) size++;
    if (peek(size) != 'e' && peek(size) != 'E') return size;
    size_t end = size + 1;
    if (peek(end) == '+' || peek(end) == '-') end++;
    if (!is_digit(peek(end))) return size;
    while (is_digit(peek(end))) end++;
    return end;
  }

  size_t measure_string(Kind* kind) const {
    *kind = Kind::kString;
    for (size_t i = at_ + 1; i < text_.size(); i++) {
      if (text_[i] == '"') return i + 1 - at_;
      if (text_[i] == '\\') i++;
    }
    return 0;
  }

  Diagnostic failure() const {
    const char first = text_[at_];
    const auto offset = static_cast<uint32_t>(at_);
    if (first == '"') return {offset, "the string has no closing quote"};
    if (first == '\'') return {offset, "strings are written in double quotes"};
    if (first == '!') return {offset, "unexpected \"!\"; write `not` or `!=`"};
    if (first == '&') return {offset, "unexpected \"&\"; write `and`"};
    if (first == '|') return {offset, "unexpected \"|\"; write `or`"};
    return {offset, "unexpected character"};
  }

  std::string_view text_;
  size_t at_ = 0;
  std::vector<Token> tokens_;
};

// Reads `digits` digits of an escape; false when there are fewer or they name no character.
bool read_code(std::string_view escape, int base, size_t digits, uint32_t* code) {
  if (escape.size() < digits) return false;
  *code = 0;
  for (size_t i = 0; i < digits; i++) {
    const int digit = hex_value(escape[i]);
    if (digit < 0 || digit >= base) return false;
    *code = *code * static_cast<uint32_t>(base) + static_cast<uint32_t>(digit);
  }
  if (base == 8) return *code <= 0xff;
  return *code <= 0x10ffff && (*code < 0xd800 || *code > 0xdfff);
}

// Appends what the escape behind a backslash stands for and returns its size; 0: it is none.
size_t unescape(std::string_view escape, std::string* out) {
  static constexpr std::string_view kLetters = "abfnrtv\\\"";
  static constexpr std::string_view kMeanings = "\a\b\f\n\r\t\v\\\"";
  const size_t letter = kLetters.find(escape[0]);
  if (letter != std::string_view::npos) {
    *out += kMeanings[letter];
    return 1;
  }
  uint32_t code = 0;
  if (is_digit(escape[0])) {
    if (!read_code(escape, 8, 3, &code)) return 0;
    append_code_point(code, out);
    return 3;
  }
  const size_t digits = escape[0] == 'x' ? 2 : escape[0] == 'u' ? 4 : escape[0] == 'U' ? 8 : 0;
  if (digits == 0 || !read_code(escape.substr(1), 16, digits, &code)) return 0;
  append_code_point(code, out);
  return 1 + digits;
}

}  // namespace

std::expected<std::vector<Token>, Diagnostic> read_tokens(std::string_view text) {
  if (text.size() > kStatementBytesMax) {
    return std::unexpected(Diagnostic{0, "the statement has " + std::to_string(text.size()) +
                                             " bytes; at most " +
                                             std::to_string(kStatementBytesMax) + " are allowed"});
  }
  // The text of a statement may become a part of a message.
  if (!wire::is_utf8(text)) return std::unexpected(Diagnostic{0, "the statement is not UTF-8"});
  return Lexer(text).read();
}

std::expected<std::string, Diagnostic> unquote(const Token& token) {
  const std::string_view content = token.text.substr(1, token.text.size() - 2);
  std::string text;
  text.reserve(content.size());
  for (size_t i = 0; i < content.size(); i++) {
    if (content[i] != '\\') {
      text += content[i];
      continue;
    }
    const size_t size = unescape(content.substr(i + 1), &text);
    if (size == 0) {
      const auto offset = static_cast<uint32_t>(token.offset + 1 + i);
      return std::unexpected(
          Diagnostic{offset, "unknown escape in a string; write a backslash as \"\\\\\""});
    }
    i += size;
  }
  return text;
}

}  // namespace millrace::ottl
