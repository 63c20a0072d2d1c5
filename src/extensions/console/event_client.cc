#include "extensions/console/event_client.h"

#include <algorithm>

namespace millrace::extensions::console {

std::string event_of(std::string_view name, JsonWriter& json) {
  return "event: " + std::string(name) + "\ndata: " + json.take() + "\n\n";
}

void EventClient::add(std::string_view text) {
  if (!has_room(text.size())) {
    ++missed_;
    return;
  }
  missed_ = 0;
  waiting_ += text;
}

void EventClient::pass_on() {
  const bool is_over = missed_ > kMissedMax;
  if (!give_ || (waiting_.empty() && !is_over)) return;
  std::string piece = waiting_.substr(0, kPieceBytesMax);
  waiting_.erase(0, piece.size());
  const bool ends = is_over && waiting_.empty();
  std::exchange(give_,
                nullptr)({.bytes = std::move(piece), .end = ends ? End::kBrokenOff : End::kMore});
}

}  // namespace millrace::extensions::console
