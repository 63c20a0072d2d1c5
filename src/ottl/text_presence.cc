#include "ottl/text_presence.h"

#include <algorithm>

namespace millrace::ottl {
namespace {

// Bytes that are searched between two steps of the pace.
constexpr size_t kSearchedAtOnceBytes = 32 * 1024;
// A searched byte costs a fraction of a unit.
constexpr size_t kBytesPerUnit = 8;
// So many items decide whether the search is worth its cost.
constexpr uint32_t kTriedItems = 64;

}  // namespace

TextPresence::TextPresence(std::span<const wire::TextSearch> searches, Pace& pace) : pace_(pace) {
  for (const wire::TextSearch& search : searches) texts_.push_back({.search = &search});
}

void TextPresence::begin(otlp::MessageBytes around) {
  end_ = around.data() + around.size();
  for (Text& text : texts_) {
    text.next = around.data();
    text.is_found = false;
  }
}

bool TextPresence::is_in(otlp::MessageBytes item) {
  if (texts_.empty()) return true;
  const bool is_hit = std::ranges::any_of(texts_, [&](Text& text) { return is_in(item, text); });
  item_count_++;
  hit_count_ += is_hit ? 1 : 0;
  if (item_count_ >= kTriedItems && hit_count_ > item_count_ / 2) texts_.clear();
  return is_hit;
}

bool TextPresence::is_in(otlp::MessageBytes item, Text& text) {
  if (text.next < item.data()) {
    text.next = item.data();
    text.is_found = false;
  }
  const size_t size = text.search->text().size();
  const uint8_t* const item_end = item.data() + item.size();
  while (!text.is_found && text.next < item_end) {
    const size_t searched =
        std::min(static_cast<size_t>(end_ - text.next), kSearchedAtOnceBytes + size);
    const uint8_t* const found = text.search->find({text.next, searched});
    text.is_found = found != nullptr;
    pace_.step((text.is_found ? static_cast<size_t>(found - text.next) : searched) / kBytesPerUnit);
    if (text.is_found) {
      text.next = found;
    } else {
      // The text may begin in the last bytes of the stretch, unless the message ends there.
      text.next += text.next + searched == end_ ? searched : searched - size + 1;
    }
  }
  return text.is_found && text.next + size <= item_end;
}

}  // namespace millrace::ottl
