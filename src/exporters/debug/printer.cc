#include "exporters/debug/printer.h"

#include <array>

#include "base/printable_text.h"

namespace millrace::exporters {

using otlp::AnyValueView;
using otlp::KeyValueView;
using otlp::MessageBytes;
using otlp::MessageReader;

std::string hex(MessageBytes bytes) {
  std::string text;
  for (const uint8_t byte : bytes) text += fmt::format("{:02x}", byte);
  return text;
}

std::string Printer::shown(std::string_view text) const {
  const AllocationName name("term work");
  const std::string_view kept = text.substr(0, kValueBytesMax);
  std::string out;
  if (escapes_) {
    append_printable(out, kept);
  } else {
    out = kept;
  }
  if (kept.size() < text.size()) out += fmt::format("... ({} bytes)", text.size());
  return out;
}

std::string Printer::shown(const AnyValueView& value) const {
  if (value.type == AnyValueView::Type::kString) return shown(value.text);
  const size_t size = std::max(value.text.size(), value.members.size());
  if (size > kValueBytesMax) return fmt::format("... ({} bytes)", size);
  pace_.step(kCharacterUnits * size);
  return shown(otlp::to_text(value));
}

std::string Printer::shown_with_type(const AnyValueView& value) const {
  constexpr std::array<std::string_view, 8> kTypes = {"Empty",  "Str",   "Bool", "Int",
                                                      "Double", "Slice", "Map",  "Bytes"};
  return fmt::format("{}({})", kTypes[static_cast<size_t>(value.type)], shown(value));
}

std::string Printer::attributes_in_line(MessageBytes message, uint32_t field_number) const {
  std::string text;
  MessageReader reader(message, field_number, &pace_);
  for (MessageBytes bytes; text.size() < kItemTextMax && reader.next(&bytes);) {
    const KeyValueView pair = KeyValueView::read(bytes, &pace_);
    const std::string more =
        fmt::format(" {}={}", shown(pair.key), shown(AnyValueView::read(pair.value, &pace_)));
    {
      const AllocationName name("term work");
      text += more;
    }
    pace_.step(kCharacterUnits * more.size());
  }
  return text;
}

}  // namespace millrace::exporters
