#include "extensions/console/json_writer.h"

#include <charconv>

namespace millrace::extensions::console {

JsonWriter& JsonWriter::real(double value) {
  if (!std::isfinite(value)) return null();
  char text[40];
  const auto [end, error] = std::to_chars(text, text + sizeof text, value);
  return raw({text, static_cast<size_t>(end - text)});
}

}  // namespace millrace::extensions::console
