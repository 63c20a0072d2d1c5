#include "ottl/format_text.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

#include "ottl/characters.h"
#include "ottl/conversion.h"
#include "ottl/time_text.h"

namespace millrace::ottl {
namespace {

using V = Value::Type;

constexpr size_t kWidthMax = 1'000'000;  // as in Go

struct Verb {
  char name = 0;
  bool is_left = false;
  bool has_plus = false;
  bool has_hash = false;
  bool has_blank = false;
  bool has_zero = false;
  size_t width = 0;
  std::optional<size_t> precision;
};

std::string_view go_type(const Value& value) {
  switch (value.type) {
    case V::kBool:
      return "bool";
    case V::kInt:
      return "int64";
    case V::kDouble:
      return "float64";
    case V::kBytes:
      return "[]uint8";
    case V::kDuration:
      return "time.Duration";
    case V::kTime:
      return "time.Time";
    default:
      return "string";
  }
}

size_t count_characters(std::string_view text) {
  size_t count = 0;
  for (const char c : text) count += is_continuation(c) ? 0 : 1;
  return count;
}

// Fills to the width. Zeros stand behind the sign.
std::string pad(std::string text, const Verb& verb, bool is_number) {
  const size_t count = count_characters(text);
  if (count >= verb.width) return text;
  const size_t missing = verb.width - count;
  if (verb.is_left) return text + std::string(missing, ' ');
  if (!verb.has_zero) return std::string(missing, ' ') + text;
  const bool has_sign = is_number && !text.empty() && (text[0] == '-' || text[0] == '+');
  text.insert(has_sign ? 1 : 0, missing, '0');
  return text;
}

std::string signed_text(const std::string& digits, bool is_negative, const Verb& verb) {
  if (is_negative) return "-" + digits;
  if (verb.has_plus) return "+" + digits;
  return verb.has_blank ? " " + digits : digits;
}

std::optional<std::string> format_int(int64_t number, const Verb& verb) {
  int base = 10;
  std::string_view prefix;
  switch (verb.name) {
    case 'd':
    case 'v':
      break;
    case 'b':
      base = 2;
      if (verb.has_hash) prefix = "0b";
      break;
    case 'o':
    case 'O':
      base = 8;
      prefix = verb.name == 'O' ? "0o" : verb.has_hash ? "0" : "";
      break;
    case 'x':
    case 'X':
      base = 16;
      if (verb.has_hash) prefix = verb.name == 'x' ? "0x" : "0X";
      break;
    case 'U': {
      Verb hex = verb;
      hex.name = 'X';
      hex.has_hash = false;
      hex.width = 0;
      hex.precision = std::max<size_t>(verb.precision.value_or(4), 4);
      return pad("U+" + *format_int(number, hex), verb, false);
    }
    case 'c': {
      std::string character;
      const bool is_valid =
          number >= 0 && number <= 0x10ffff && (number < 0xd800 || number > 0xdfff);
      append_code_point(is_valid ? static_cast<uint32_t>(number) : 0xfffd, &character);
      return pad(std::move(character), verb, false);
    }
    default:
      return std::nullopt;
  }
  const bool is_negative = number < 0;
  const uint64_t size =
      is_negative ? 0 - static_cast<uint64_t>(number) : static_cast<uint64_t>(number);
  char buffer[66];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, size, base);
  std::string digits(buffer, end.ptr);
  if (verb.name == 'X') {
    for (char& c : digits) c = static_cast<char>(c >= 'a' ? c & ~0x20 : c);
  }
  if (verb.precision && digits.size() < *verb.precision) {
    digits.insert(0, *verb.precision - digits.size(), '0');
  }
  std::string text = signed_text(std::string(prefix) + digits, is_negative, verb);
  Verb padding = verb;
  if (verb.precision) padding.has_zero = false;
  return pad(std::move(text), padding, true);
}

std::optional<std::string> format_double(double number, const Verb& verb) {
  static constexpr std::string_view kVerbs = "eEfFgGv";
  if (!kVerbs.contains(verb.name)) return std::nullopt;
  if (!std::isfinite(number)) {
    std::string word = std::isnan(number) ? "NaN" : "Inf";
    const bool has_sign = !std::isnan(number) && (number < 0 || verb.has_plus || verb.name == 'v');
    if (has_sign) word.insert(0, 1, number < 0 ? '-' : '+');
    Verb padding = verb;
    padding.has_zero = false;
    return pad(std::move(word), padding, false);
  }
  const char name = verb.name == 'v' ? 'g' : static_cast<char>(verb.name | 0x20);
  char buffer[1100];
  char* const limit = buffer + sizeof buffer;
  std::to_chars_result end{};
  const double size = std::fabs(number);
  if (name != 'g') {
    const auto style = name == 'e' ? std::chars_format::scientific : std::chars_format::fixed;
    const size_t precision = std::min<size_t>(verb.precision.value_or(6), 700);
    end = std::to_chars(buffer, limit, size, style, static_cast<int>(precision));
  } else if (verb.precision) {
    end = std::to_chars(buffer, limit, size, std::chars_format::general,
                        static_cast<int>(std::min<size_t>(*verb.precision, 700)));
  } else {
    // The shortest digits, with an exponent from 1e6 on.
    const bool is_plain = size == 0 || (size >= 1e-4 && size < 1e6);
    end = std::to_chars(buffer, limit, size,
                        is_plain ? std::chars_format::fixed : std::chars_format::scientific);
  }
  if (end.ec != std::errc()) return std::nullopt;
  std::string digits(buffer, end.ptr);
  if (verb.name == 'E' || verb.name == 'G') {
    for (char& c : digits) c = c == 'e' ? 'E' : c;
  }
  return pad(signed_text(digits, std::signbit(number), verb), verb, true);
}

std::string hex_of(std::string_view bytes, bool is_upper) {
  std::string digits = to_hex(bytes);
  if (is_upper) {
    for (char& c : digits) c = static_cast<char>(c >= 'a' ? c & ~0x20 : c);
  }
  return digits;
}

std::optional<std::string> format_string(std::string_view text, const Verb& verb) {
  if (verb.precision && verb.name != 'x' && verb.name != 'X') {
    size_t end = 0;
    for (size_t count = 0; count < *verb.precision && end < text.size(); count++) {
      end += first_character(text.substr(end)).size();
    }
    text = text.substr(0, end);
  }
  switch (verb.name) {
    case 's':
    case 'v':
      if (verb.has_hash && verb.name == 'v') break;
      return pad(std::string(text), verb, false);
    case 'x':
    case 'X':
      return pad(hex_of(text, verb.name == 'X'), verb, false);
    case 'q':
      break;
    default:
      return std::nullopt;
  }
  std::string quoted;
  append_json(Value::of_string(text), &quoted);
  return pad(std::move(quoted), verb, false);
}

// The text of values that are strings to Go's verbs.
Evaluated<std::string> plain_text(const Value& value) {
  switch (value.type) {
    case V::kTime:
      return TimeFormat("%Y-%m-%d %H:%M:%S.%s").print({value.number, 0}) + " +0000 UTC";
    case V::kTraceId:
    case V::kSpanId:
      return to_hex(value.text);
    default:
      return std::unexpected("no format for " + std::string(type_name(value.type)));
  }
}

std::string wrong_verb(const Value& value, char verb) {
  if (value.is_nil()) return std::string("%!") + verb + "(<nil>)";
  Verb plain;
  plain.name = 'v';
  std::string text = value.is(V::kInt)      ? *format_int(value.number, plain)
                     : value.is(V::kDouble) ? *format_double(value.real, plain)
                                            : to_text(value);
  return std::string("%!") + verb + "(" + std::string(go_type(value)) + "=" + text + ")";
}

Evaluated<std::string> format_value(const Value& value, const Verb& verb) {
  std::optional<std::string> text;
  switch (value.type) {
    case V::kNil:
      if (verb.name == 'v') return pad("<nil>", verb, false);
      break;
    case V::kBool:
      if (verb.name == 't' || verb.name == 'v') {
        text = pad(value.number != 0 ? "true" : "false", verb, false);
      }
      break;
    case V::kInt:
      text = format_int(value.number, verb);
      break;
    case V::kDouble:
      text = format_double(value.real, verb);
      break;
    case V::kString:
      text = format_string(value.text, verb);
      break;
    case V::kBytes:
      if (verb.name == 'x' || verb.name == 'X') {
        text = pad(hex_of(value.text, verb.name == 'X'), verb, false);
        break;
      }
      return std::unexpected("bytes are written with %x");
    default: {
      const auto plain = plain_text(value);
      if (!plain) return plain;
      text = format_string(*plain, verb);
    }
  }
  return text ? *text : wrong_verb(value, verb.name);
}

class Format {
 public:
  Format(std::string_view format, std::span<const Value> values)
      : format_(format), values_(values) {}

  Evaluated<std::string> run();

 private:
  void read_flags(Verb* verb);
  bool read_number(size_t* number);
  Evaluated<void> add_verb();

  std::string_view format_;
  std::span<const Value> values_;
  size_t at_ = 0;
  size_t used_ = 0;
  std::string out_;
};

void Format::read_flags(Verb* verb) {
  for (; at_ < format_.size(); at_++) {
    switch (format_[at_]) {
      case '-':
        verb->is_left = true;
        break;
      case '+':
        verb->has_plus = true;
        break;
      case '#':
        verb->has_hash = true;
        break;
      case ' ':
        verb->has_blank = true;
        break;
      case '0':
        verb->has_zero = true;
        break;
      default:
        return;
    }
  }
}

bool Format::read_number(size_t* number) {
  *number = 0;
  while (at_ < format_.size() && format_[at_] >= '0' && format_[at_] <= '9') {
    *number = *number * 10 + static_cast<size_t>(format_[at_++] - '0');
    if (*number > kWidthMax) return false;
  }
  return true;
}

Evaluated<void> Format::add_verb() {
  Verb verb;
  read_flags(&verb);
  if (!read_number(&verb.width)) return std::unexpected("the width is too large");
  if (at_ < format_.size() && format_[at_] == '.') {
    at_++;
    size_t precision = 0;
    if (!read_number(&precision)) return std::unexpected("the precision is too large");
    verb.precision = precision;
  }
  if (at_ == format_.size()) {
    out_ += "%!(NOVERB)";
    return {};
  }
  const std::string_view name = first_character(format_.substr(at_));
  at_ += name.size();
  if (name == "%") {
    out_ += '%';
    return {};
  }
  if (name == "*" || name == "[") {
    return std::unexpected("widths and indexes from values are not supported");
  }
  if (used_ == values_.size()) {
    out_ += "%!" + std::string(name) + "(MISSING)";
    return {};
  }
  const Value& value = values_[used_++];
  verb.name = name.size() == 1 ? name[0] : '?';
  const auto text = format_value(value, verb);
  if (!text) return std::unexpected(text.error());
  out_ += *text;
  return {};
}

Evaluated<std::string> Format::run() {
  while (at_ < format_.size()) {
    if (format_[at_++] != '%') {
      out_ += format_[at_ - 1];
    } else if (const auto added = add_verb(); !added) {
      return std::unexpected(added.error());
    }
    if (out_.size() > Scratch::kBytesMax) return std::unexpected("the text would be too long");
  }
  if (used_ == values_.size()) return std::move(out_);
  out_ += "%!(EXTRA ";
  for (size_t i = used_; i < values_.size(); i++) {
    if (i > used_) out_ += ", ";
    Verb plain;
    plain.name = 'v';
    const auto text = format_value(values_[i], plain);
    if (!text) return text;
    out_ += values_[i].is_nil() ? *text : std::string(go_type(values_[i])) + "=" + *text;
  }
  out_ += ')';
  return std::move(out_);
}

}  // namespace

Evaluated<std::string> format_text(std::string_view format, std::span<const Value> values) {
  return Format(format, values).run();
}

}  // namespace millrace::ottl
