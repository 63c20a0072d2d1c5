#include "extensions/console/json_writer.h"

#include <charconv>

namespace millrace::extensions::console {

JsonWriter& JsonWriter::real(double value) {
  if (!std::isfinite(value)) return null();
  // 120000000, not 1.2e+08. Doubles have every whole number up to here.
  constexpr double kWholeMost = 9007199254740992;
  if (value == std::trunc(value) && std::abs(value) <= kWholeMost) {
    return signed_number(static_cast<int64_t>(value));
  }
  char text[40];
  const auto [end, error] = std::to_chars(text, text + sizeof text, value);
  return raw({text, static_cast<size_t>(end - text)});
}

}  // namespace millrace::extensions::console
