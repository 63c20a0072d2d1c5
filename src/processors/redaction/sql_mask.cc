#include "processors/redaction/sql_mask.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace millrace::processors::redaction {

namespace {

constexpr char kEnd = '\0';
constexpr std::string_view kFunctionTag = "$func$";

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_ascii_letter(char c) { return (c | 0x20) >= 'a' && (c | 0x20) <= 'z'; }
bool is_beyond_ascii(char c) { return static_cast<unsigned char>(c) >= 0x80; }
// Every character beyond ASCII counts as a letter.
bool is_letter(char c) { return is_ascii_letter(c) || c == '_' || is_beyond_ascii(c); }
bool is_word(char c) { return is_letter(c) || is_digit(c); }
bool is_hex(char c) { return is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f'); }
bool is_in_identifier(char c) {
  return is_word(c) || std::string_view("\".?$#/@!").find(c) != std::string_view::npos;
}
bool is_operator(char c) {
  return std::string_view("+-*/=<>!&|^%~?@:#").find(c) != std::string_view::npos;
}
bool is_punctuation(char c) {
  return std::string_view("(),;.:[]{}").find(c) != std::string_view::npos;
}

bool is_word_for_a_value(std::string_view word) {
  static constexpr std::array<std::string_view, 3> kWords = {"true", "false", "null"};
  return std::ranges::any_of(kWords, [&](std::string_view known) {
    return std::ranges::equal(word, known, {}, [](char c) { return static_cast<char>(c | 0x20); });
  });
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\n\v\f\r";
  const size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) + 1 - begin);
}

class SqlMask {
 public:
  SqlMask(std::string_view text, SqlDialect dialect, ReservedText& into)
      : text_(text), dialect_(dialect), into_(into) {}

  void run() {
    while (at_ < text_.size() && !into_.failed()) {
      const size_t begin = at_;
      const Token token = scan();
      const std::string_view found = text_.substr(begin, at_ - begin);
      switch (token) {
        case Token::kKept:
          into_.append(found);
          break;
        case Token::kValue:
          into_.append('?');
          break;
        case Token::kIdentifier:
          append_without_digits(found);
          break;
        case Token::kFunction: {
          into_.append(kFunctionTag);
          const size_t tags = 2 * kFunctionTag.size();
          mask_sql(found.substr(kFunctionTag.size(), found.size() - tags), dialect_, into_);
          into_.append(kFunctionTag);
          break;
        }
      }
    }
  }

 private:
  enum class Token : uint8_t { kKept, kValue, kIdentifier, kFunction };

  char peek(size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : kEnd;
  }
  void advance(size_t count = 1) { at_ = std::min(at_ + count, text_.size()); }
  void advance_while(bool (*is_wanted)(char)) {
    while (at_ < text_.size() && is_wanted(text_[at_])) at_++;
  }
  Token keep(size_t count) {
    advance(count);
    return Token::kKept;
  }

  Token scan() {
    const char c = peek();
    const char next = peek(1);
    const bool is_my_sql = dialect_ == SqlDialect::kMySql;
    if (is_space(c)) {
      advance_while(is_space);
      return Token::kKept;
    }
    if (is_letter(c)) return scan_word();
    if (c == '"') return is_my_sql ? scan_string() : scan_quoted_identifier();
    if (c == '\'') return scan_string();
    if (c == '-' && next == '-') return scan_line_comment();
    if (c == '/' && next == '*') return scan_comment();
    if ((c == '+' || c == '-') && (is_digit(next) || next == '.')) {
      advance();
      return scan_decimal();
    }
    if (is_digit(c)) return scan_number();
    if (c == '*') return keep(1);
    if (c == '$') return is_digit(next) ? scan_positional_parameter() : scan_dollar_quoted();
    if (c == '`') return is_my_sql ? scan_quoted_identifier() : keep(1);
    if (c == '#' && is_my_sql) return scan_line_comment();
    if (c == '@') return scan_at_sign();
    if (is_operator(c)) return scan_operator();
    return keep(1);
  }

  Token scan_word() {
    const size_t begin = at_;
    while (is_ascii_letter(peek()) || peek() == '_') advance();
    const char behind = peek();
    const bool ends = behind == kEnd || is_space(behind) || is_punctuation(behind);
    if (ends && is_word_for_a_value(text_.substr(begin, at_ - begin))) return Token::kValue;
    advance_while(is_in_identifier);
    return peek() == '(' && !is_beyond_ascii(text_[begin]) ? Token::kKept : Token::kIdentifier;
  }

  // "a"."b" is one.
  Token scan_quoted_identifier() {
    const char quote = peek();
    advance();
    while (at_ < text_.size()) {
      if (peek() != quote) {
        advance();
      } else if (peek(1) == '.' && peek(2) == quote) {
        advance(3);
      } else {
        advance();
        return Token::kIdentifier;
      }
    }
    return Token::kKept;
  }

  // A string without its end is one too.
  Token scan_string() {
    const char quote = peek();
    advance();
    while (at_ < text_.size()) {
      const char c = peek();
      advance(c == '\\' ? 2 : 1);
      if (c == quote) break;
    }
    return Token::kValue;
  }

  Token scan_line_comment() {
    at_ = std::min(text_.find('\n', at_), text_.size());
    return Token::kKept;
  }
  Token scan_comment() {
    const size_t end = text_.find("*/", at_ + 2);
    at_ = end == std::string_view::npos ? text_.size() : end + 2;
    return Token::kKept;
  }

  Token scan_number() {
    if (peek() == '0' && (peek(1) | 0x20) == 'x') {
      advance(2);
      advance_while(is_hex);
      return Token::kValue;
    }
    if (peek() == '0' && peek(1) >= '0' && peek(1) <= '7') {
      advance(2);
      advance_while([](char c) { return c >= '0' && c <= '7'; });
      return Token::kValue;
    }
    advance();
    return scan_decimal();
  }
  Token scan_decimal() {
    for (char c = peek(); is_digit(c) || c == '.' || (c | 0x20) == 'e'; c = peek()) {
      advance();
      if ((c | 0x20) == 'e' && (peek() == '+' || peek() == '-')) advance();
    }
    return Token::kValue;
  }

  Token scan_positional_parameter() {
    advance(2);
    advance_while(is_digit);
    return Token::kValue;
  }

  // $tag$…$tag$; what has no end stays.
  Token scan_dollar_quoted() {
    const size_t tag_end = text_.find('$', at_ + 1);
    if (tag_end == std::string_view::npos) return keep(text_.size() - at_);
    const std::string_view tag = text_.substr(at_, tag_end + 1 - at_);
    const size_t end = std::ranges::any_of(tag, is_beyond_ascii) ? std::string_view::npos
                                                                 : text_.find(tag, tag_end + 1);
    if (end == std::string_view::npos) return keep(text_.size() - at_);
    at_ = end + tag.size();
    return tag == kFunctionTag ? Token::kFunction : Token::kValue;
  }

  // @@variable, @parameter, and operators on JSON.
  Token scan_at_sign() {
    const bool is_double = peek(1) == '@';
    if (is_word(peek(is_double ? 2 : 1))) {
      advance(is_double ? 2 : 1);
      advance_while(is_word);
      return Token::kKept;
    }
    if (is_double || peek(1) == '?' || peek(1) == '>') return keep(2);
    return scan_operator();
  }

  Token scan_operator() {
    static constexpr std::array<std::string_view, 8> kOfJson = {"->>", "->", "#>>", "#>",
                                                                "#-",  "?|", "?&",  "<@"};
    for (const std::string_view known : kOfJson) {
      if (text_.substr(at_).starts_with(known)) return keep(known.size());
    }
    char last = peek();
    advance();
    // In "=?" the question mark is a parameter.
    while (is_operator(peek()) && !(last == '=' && (peek() == '?' || peek() == '@'))) {
      last = peek();
      advance();
    }
    return Token::kKept;
  }

  void append_without_digits(std::string_view name) {
    bool was_digit = false;
    for (const char c : name) {
      if (!is_digit(c)) into_.append(c);
      if (is_digit(c) && !was_digit) into_.append('?');
      was_digit = is_digit(c);
    }
  }

  const std::string_view text_;
  const SqlDialect dialect_;
  ReservedText& into_;
  size_t at_ = 0;
};

}  // namespace

void mask_sql(std::string_view text, SqlDialect dialect, ReservedText& into) {
  // A NUL in the text ends it, as in otelcol.
  SqlMask(trim(text.substr(0, text.find(kEnd))), dialect, into).run();
}

}  // namespace millrace::processors::redaction
