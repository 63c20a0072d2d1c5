#include "receivers/zipkin/json_reader.h"

#include "otlp/json/syntax.h"

namespace millrace::receivers::zipkin {
namespace {

// Told to the pace within a long string.
constexpr size_t kStepBytes = 16 << 10;

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// Nothing where it is no hex digit.
int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// The four hex digits behind "\u"; -1: they are not there.
int32_t code_unit(std::string_view digits) {
  if (digits.size() < 4) return -1;
  int32_t unit = 0;
  for (const char c : digits.substr(0, 4)) {
    const int value = hex_value(c);
    if (value < 0) return -1;
    unit = unit * 16 + value;
  }
  return unit;
}

char* write_utf8(char* into, uint32_t code) {
  if (code < 0x80) {
    *into++ = static_cast<char>(code);
  } else if (code < 0x800) {
    *into++ = static_cast<char>(0xC0 | code >> 6);
    *into++ = static_cast<char>(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    *into++ = static_cast<char>(0xE0 | code >> 12);
    *into++ = static_cast<char>(0x80 | (code >> 6 & 0x3F));
    *into++ = static_cast<char>(0x80 | (code & 0x3F));
  } else {
    *into++ = static_cast<char>(0xF0 | code >> 18);
    *into++ = static_cast<char>(0x80 | (code >> 12 & 0x3F));
    *into++ = static_cast<char>(0x80 | (code >> 6 & 0x3F));
    *into++ = static_cast<char>(0x80 | (code & 0x3F));
  }
  return into;
}

// The meaning of an escape of one character; '\0': it is no such escape.
char simple_escape(char c) {
  constexpr std::string_view kEscapes = "\"\\/bfnrt";
  constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
  const size_t found = kEscapes.find(c);
  return found == std::string_view::npos ? '\0' : kMeanings[found];
}

}  // namespace

bool JsonReader::fail_at(size_t offset, std::string_view what) {
  if (failed()) return false;
  failure_offset_ = offset;
  what_ = offset >= text_.size() ? "the text ends too soon" : what;
  return false;
}

char JsonReader::peek() {
  while (at_ < text_.size() && is_space(text_[at_])) ++at_;
  return at_ < text_.size() ? text_[at_] : '\0';
}

bool JsonReader::at_end() {
  if (failed()) return false;
  return peek() == '\0' && at_ == text_.size() ? true : fail("expected nothing more");
}

bool JsonReader::enter(char open) {
  if (failed()) return false;
  if (peek() != open) return fail(open == '{' ? "expected an object" : "expected an array");
  ++at_;
  is_first_ = true;
  return true;
}

// Behind the comma or the opening bracket; false at the closing one, which is then passed.
bool JsonReader::next_in(char close) {
  if (failed()) return false;
  pace_.step(16);
  const char c = peek();
  const bool was_first = is_first_;
  is_first_ = false;
  if (c == close) {
    ++at_;
    return false;
  }
  if (was_first) return true;
  if (c != ',') return fail("expected a comma or the closing bracket");
  ++at_;
  return true;
}

bool JsonReader::next_element() { return next_in(']'); }

bool JsonReader::next_member(std::string_view* key) {
  if (!next_in('}')) return false;
  if (peek() != '"') return fail("expected a key in double quotes");
  if (!read_string(key)) return false;
  if (peek() != ':') return fail("expected a colon");
  ++at_;
  return true;
}

// `*end`: of the closing quote.
bool JsonReader::scan_string(size_t* end, bool* escaped) {
  size_t at = at_ + 1;
  for (; at < text_.size(); ++at) {
    if (at % kStepBytes == 0) pace_.step(kStepBytes);
    const auto c = static_cast<unsigned char>(text_[at]);
    if (c == '"') {
      *end = at;
      return true;
    }
    if (c < 0x20) return fail_at(at, "control character in a string");
    if (c == '\\') {
      *escaped = true;
      ++at;  // a quote behind it does not end the string
    }
  }
  return fail_at(text_.size(), "the text ends too soon");
}

bool JsonReader::read_string(std::string_view* into) {
  if (failed()) return false;
  if (peek() != '"') return fail("expected a string");
  size_t end = 0;
  bool escaped = false;
  if (!scan_string(&end, &escaped)) return false;
  const std::string_view raw = text_.substr(at_ + 1, end - at_ - 1);
  if (!escaped) {
    *into = raw;
  } else if (!unescape(raw, into)) {
    return false;
  }
  at_ = end + 1;
  return true;
}

bool JsonReader::unescape(std::string_view raw, std::string_view* into) {
  char* const begin = arena_.begin(raw.size());
  char* out = begin;
  for (size_t at = 0; at < raw.size();) {
    const size_t here = at_ + 1 + at;  // in the text
    if (at % kStepBytes == 0) pace_.step(kStepBytes);
    if (raw[at] != '\\') {
      const auto c = static_cast<unsigned char>(raw[at]);
      if (c < 0x20) return fail_at(here, "control character in a string");
      *out++ = raw[at++];
      continue;
    }
    const char kind = at + 1 < raw.size() ? raw[at + 1] : '\0';
    if (kind != 'u') {
      const char meaning = simple_escape(kind);
      if (meaning == '\0') return fail_at(here, "unknown escape");
      *out++ = meaning;
      at += 2;
      continue;
    }
    const int32_t unit = code_unit(raw.substr(at + 2));
    if (unit < 0) return fail_at(here, "\\u needs four hex digits");
    auto code = static_cast<uint32_t>(unit);
    at += 6;
    if (code >= 0xD800 && code < 0xE000) {
      const bool has_low = raw.substr(at).starts_with("\\u");
      const int32_t low = has_low ? code_unit(raw.substr(at + 2)) : -1;
      if (code >= 0xDC00 || low < 0xDC00 || low >= 0xE000) {
        return fail_at(here, "half of a surrogate pair");
      }
      code = 0x10000 + ((code - 0xD800) << 10) + (static_cast<uint32_t>(low) - 0xDC00);
      at += 6;
    }
    out = write_utf8(out, code);
  }
  *into = arena_.finish(static_cast<size_t>(out - begin));
  return true;
}

bool JsonReader::read_number(std::string_view* token) {
  if (failed()) return false;
  const char c = peek();
  if (c != '-' && (c < '0' || c > '9')) return fail("expected a number");
  size_t end = at_;
  while (end < text_.size() && std::string_view("+-.eE0123456789").contains(text_[end])) ++end;
  *token = text_.substr(at_, end - at_);
  if (!otlp::json::is_json_number(*token)) return fail("malformed number");
  at_ = end;
  return true;
}

bool JsonReader::expect_word(std::string_view word) {
  if (!text_.substr(at_).starts_with(word)) return fail("expected true, false or null");
  at_ += word.size();
  return true;
}

bool JsonReader::read_boolean(bool* into) {
  if (failed()) return false;
  const char c = peek();
  if (c != 't' && c != 'f') return fail("expected true or false");
  *into = c == 't';
  return expect_word(*into ? "true" : "false");
}

bool JsonReader::read_null() {
  if (failed()) return false;
  if (peek() != 'n') return fail("expected null");
  return expect_word("null");
}

bool JsonReader::skip_value(int depth) {
  if (failed()) return false;
  std::string_view ignored;
  bool flag = false;
  switch (peek()) {
    case '"':
      return read_string(&ignored);
    case 't':
    case 'f':
      return read_boolean(&flag);
    case 'n':
      return read_null();
    case '{':
      if (depth == 0) return fail("nested too deep");
      enter('{');
      while (next_member(&ignored)) skip_value(depth - 1);
      return !failed();
    case '[':
      if (depth == 0) return fail("nested too deep");
      enter('[');
      while (next_element()) skip_value(depth - 1);
      return !failed();
    default:
      if (peek() != '-' && (peek() < '0' || peek() > '9')) return fail("expected a value");
      return read_number(&ignored);
  }
}

}  // namespace millrace::receivers::zipkin
