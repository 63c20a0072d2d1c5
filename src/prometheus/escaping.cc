#include "prometheus/escaping.h"

#include <charconv>
#include <cstddef>

#include "base/check.h"

namespace millrace::prometheus {
namespace {

bool is_plain(char c, bool is_first, bool colon_is_plain) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         (c == ':' && colon_is_plain) || (c >= '0' && c <= '9' && !is_first);
}

bool is_plain_name(std::string_view name, bool colon_is_plain) {
  for (size_t i = 0; i < name.size(); ++i) {
    if (!is_plain(name[i], i == 0, colon_is_plain)) return false;
  }
  return !name.empty();
}

struct Rune {
  char32_t value = 0xFFFD;
  size_t size = 1;
  bool is_valid = false;
};

// Precondition: `text` is not empty.
Rune first_rune(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  if (byte(0) < 0x80) return {byte(0), 1, true};
  const size_t size = byte(0) >= 0xF0 ? 4 : byte(0) >= 0xE0 ? 3 : 2;
  if (byte(0) < 0xC2 || byte(0) > 0xF4 || size > text.size()) return {};
  char32_t value = byte(0) & (0x7F >> size);
  for (size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return {};
    value = value << 6 | (byte(i) & 0x3F);
  }
  const bool is_short = (size == 3 && value < 0x800) || (size == 4 && value < 0x10000);
  if (is_short || value > 0x10FFFF || (value >= 0xD800 && value < 0xE000)) return {};
  return {value, size, true};
}

void append_code(std::string& into, const Rune& rune) {
  char digits[8];
  const auto end =
      std::to_chars(digits, digits + sizeof digits, static_cast<uint32_t>(rune.value), 16);
  into += '_';
  // Go's client writes the code of an invalid byte as that of U+FFFD, which ranges over text give.
  into.append(digits, static_cast<size_t>(end.ptr - digits));
  into += '_';
}

void append_escaped(std::string& into, const Rune& rune, bool is_plain_rune, Escaping escaping) {
  const char c = static_cast<char>(rune.value);
  switch (escaping) {
    case Escaping::kUnderscores:
      into += is_plain_rune ? c : '_';
      return;
    case Escaping::kDots:
      if (rune.value == '.') {
        into += "_dot_";
      } else if (is_plain_rune && c != '_') {
        into += c;
      } else {
        into += "__";
      }
      return;
    case Escaping::kValues:
      if (!is_plain_rune) {
        append_code(into, rune);
      } else {
        into += c == '_' ? "__" : std::string_view(&c, 1);
      }
      return;
    case Escaping::kAllowUtf8:
      break;
  }
  MILLRACE_CHECK(false);
}

std::string escape(std::string_view name, Escaping escaping, bool colon_is_plain) {
  if (escaping == Escaping::kAllowUtf8 || name.empty() || is_plain_name(name, colon_is_plain)) {
    return std::string(name);
  }
  std::string escaped = escaping == Escaping::kValues ? "U__" : "";
  for (size_t at = 0; at < name.size();) {
    const Rune rune = first_rune(name.substr(at));
    const bool is_plain_rune =
        rune.value < 0x80 && is_plain(static_cast<char>(rune.value), at == 0, colon_is_plain);
    append_escaped(escaped, rune, is_plain_rune, escaping);
    at += rune.size;
  }
  return escaped;
}

}  // namespace

std::string_view escaping_name(Escaping escaping) {
  switch (escaping) {
    case Escaping::kAllowUtf8:
      return "allow-utf-8";
    case Escaping::kUnderscores:
      return "underscores";
    case Escaping::kDots:
      return "dots";
    case Escaping::kValues:
      break;
  }
  return "values";
}

bool is_plain_metric_name(std::string_view name) { return is_plain_name(name, true); }
bool is_plain_label_name(std::string_view name) { return is_plain_name(name, false); }

std::string escape_metric_name(std::string_view name, Escaping escaping) {
  return escape(name, escaping, true);
}

std::string escape_label_name(std::string_view name, Escaping escaping) {
  return escape(name, escaping, false);
}

}  // namespace millrace::prometheus
