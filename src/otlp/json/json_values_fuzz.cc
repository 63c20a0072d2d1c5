// Values in the forms of OTLP/JSON, compared with the standard library or with arithmetic
// that cannot overflow.
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/check.h"
#include "base/testing/fuzz_input.h"
#include "otlp/json/syntax.h"
#include "otlp/json/text_values.h"

namespace {

using namespace millrace;
using namespace millrace::otlp::json;

void check_hex(std::string_view text) {
  text = text.substr(0, text.size() / 2 * 2);
  std::vector<uint8_t> bytes(text.size() / 2);
  const bool is_hex = text.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
  MILLRACE_CHECK(parse_hex(text, bytes.data(), bytes.size()) == is_hex);
  if (!is_hex) return;
  std::string again;
  append_hex(bytes, &again);
  MILLRACE_CHECK(again.size() == text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    MILLRACE_CHECK(again[i] == (text[i] >= 'A' && text[i] <= 'F' ? text[i] + 0x20 : text[i]));
  }
}

void check_base64(std::string_view text) {
  std::string written;
  append_base64(as_span(text), &written);
  MILLRACE_CHECK(written.size() == (text.size() + 2) / 3 * 4);
  std::vector<uint8_t> bytes(base64_size_max(written.size()));
  size_t size = 0;
  MILLRACE_CHECK(parse_base64(written, bytes.data(), &size));
  MILLRACE_CHECK(as_text({bytes.data(), size}) == text);
  // Any accepted text is within the size bound, and written again it differs in spelling alone.
  bytes.resize(base64_size_max(text.size()));
  if (!parse_base64(text, bytes.data(), &size)) return;
  MILLRACE_CHECK(size <= base64_size_max(text.size()));
  std::string again;
  append_base64({bytes.data(), size}, &again);
  const size_t whole = size / 3 * 4;
  for (size_t i = 0; i < whole; ++i) {
    const char c = text[i] == '-' ? '+' : text[i] == '_' ? '/' : text[i];
    MILLRACE_CHECK(again[i] == c);
  }
}

// The reference: digits and exponent as a decimal number of 64 digits, where that is sufficient.
struct Decimal {
  bool negative = false;
  std::string digits;  // of the integer, without leading zeros; empty: zero
  bool integral = true;
};

bool to_decimal(std::string_view text, Decimal* into) {
  if (!is_json_number(text)) return false;
  into->negative = text.starts_with('-');
  if (into->negative) text.remove_prefix(1);
  const size_t mark = text.find_first_of("eE");
  int64_t exponent = 0;
  if (mark != std::string_view::npos) {
    const std::string power(text.substr(mark + 1));
    if (power.size() > 4) return false;
    exponent = std::atoi(power.c_str());
    text = text.substr(0, mark);
  }
  const size_t point = text.find('.');
  std::string whole(text.substr(0, point));
  std::string fraction(point == std::string_view::npos ? "" : text.substr(point + 1));
  for (; exponent > 0; --exponent) {
    whole += fraction.empty() ? '0' : fraction[0];
    if (!fraction.empty()) fraction.erase(0, 1);
  }
  for (; exponent < 0 && !whole.empty(); ++exponent) {
    fraction.insert(0, 1, whole.back());
    whole.pop_back();
  }
  into->integral = fraction.find_first_not_of('0') == std::string::npos;
  whole.erase(0, whole.find_first_not_of('0'));
  into->digits = whole;
  return true;
}

bool fits(const std::string& digits, std::string_view max) {
  return digits.size() < max.size() || (digits.size() == max.size() && digits <= max);
}

void check_integers(std::string_view text) {
  if (text.size() > 200) return;
  Decimal twin;
  if (!to_decimal(text, &twin)) return;
  const std::string& digits = twin.digits;
  int64_t number = 0;
  const bool fits_signed =
      twin.integral && fits(digits, twin.negative ? "9223372036854775808" : "9223372036854775807");
  MILLRACE_CHECK(parse_int64(text, &number) == fits_signed);
  const std::string sign = twin.negative && !digits.empty() ? "-" : "";
  const std::string wanted = digits.empty() ? "0" : sign + digits;
  if (fits_signed) MILLRACE_CHECK(std::to_string(number) == wanted);
  uint64_t natural = 0;
  const bool fits_unsigned =
      twin.integral && (!twin.negative || digits.empty()) && fits(digits, "18446744073709551615");
  MILLRACE_CHECK(parse_uint64(text, &natural) == fits_unsigned);
  if (fits_unsigned) MILLRACE_CHECK(std::to_string(natural) == wanted);
}

void check_double(std::string_view text, double any) {
  double number = 0;
  if (is_json_number(text)) {
    const double twin = std::strtod(std::string(text).c_str(), nullptr);
    const bool is_read = parse_double(text, &number);
    MILLRACE_CHECK(!is_read || number == twin);
    // Refused numbers are beyond the range on either side.
    MILLRACE_CHECK(is_read || std::isinf(twin) || std::abs(twin) < 2.3e-308);
  }
  std::string written;
  append_double(any, &written);
  if (written.starts_with('"')) written = written.substr(1, written.size() - 2);
  MILLRACE_CHECK(parse_double(written, &number));
  MILLRACE_CHECK(std::isnan(any) ? std::isnan(number) : number == any);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const uint64_t bits = testing::FuzzInput(data, size).number(8);
  double any = 0;
  static_assert(sizeof any == sizeof bits);
  std::memcpy(&any, &bits, sizeof any);
  const std::string_view text = testing::FuzzInput(data, size).rest_text();
  check_hex(text);
  check_base64(text);
  check_integers(text);
  check_double(text, any);
  return 0;
}
