#include "ottl/diagnostic.h"

#include <algorithm>

#include "base/printable_text.h"
#include "config/nearest.h"

namespace millrace::ottl {
namespace {

constexpr size_t kShownBytesMax = 60;  // on each side of the place

bool continues_character(char byte) { return (static_cast<uint8_t>(byte) & 0xc0) == 0x80; }

size_t count_characters(std::string_view text) {
  return text.size() - static_cast<size_t>(std::ranges::count_if(text, continues_character));
}

}  // namespace

Error to_error(std::string_view text, const Diagnostic& diagnostic) {
  const size_t offset = std::min<size_t>(diagnostic.offset, text.size());
  const std::string_view before = text.substr(0, offset);
  const size_t newline = before.rfind('\n');
  const size_t line_begin = newline == std::string_view::npos ? 0 : newline + 1;
  const size_t line_end = std::min(text.find('\n', offset), text.size());
  size_t shown_begin = std::max(line_begin, offset - std::min(offset, kShownBytesMax));
  while (shown_begin < offset && continues_character(text[shown_begin])) shown_begin++;
  size_t shown_end = std::min(line_end, offset + kShownBytesMax);
  while (shown_end < line_end && continues_character(text[shown_end])) shown_end++;

  std::string head = shown_begin > line_begin ? "  …" : "  ";
  append_printable(head, text.substr(shown_begin, offset - shown_begin));
  std::string message = std::to_string(1 + std::ranges::count(before, '\n')) + ":" +
                        std::to_string(1 + count_characters(before.substr(line_begin))) + ": " +
                        diagnostic.message + "\n" + head;
  append_printable(message, text.substr(offset, shown_end - offset));
  if (shown_end < line_end) message += "…";
  message += "\n" + std::string(count_characters(head), ' ') + "^";
  return {Code::kInvalidArgument, std::move(message)};
}

std::string suggest(std::string_view name, std::span<const std::string_view> candidates) {
  const std::string_view nearest = config::nearest_name(name, candidates);
  return nearest.empty() ? "" : "; did you mean \"" + std::string(nearest) + "\"?";
}

}  // namespace millrace::ottl
