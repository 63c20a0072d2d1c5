// One reader of server-sent events. The text that waits for it is bounded; a text that does not fit
// is missed, and a reader that misses many is broken off. On the console's loop; the server owns
// it.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "extensions/console/json_writer.h"
#include "transport/server/page.h"

namespace millrace::extensions::console {

class EventClient final : public transport::PageStream {
 public:
  // `on_gone` is called by the destructor.
  EventClient(size_t waiting_bytes_max, std::function<void(EventClient*)> on_gone)
      : waiting_bytes_max_(waiting_bytes_max), on_gone_(std::move(on_gone)) {}
  ~EventClient() override { on_gone_(this); }
  EventClient(const EventClient&) = delete;
  EventClient& operator=(const EventClient&) = delete;
  void next(Give give) override { give_ = std::move(give); }

  bool has_room(size_t bytes) const { return waiting_.size() + bytes <= waiting_bytes_max_; }
  void add(std::string_view text);
  // May destroy this.
  void pass_on();

 private:
  static constexpr uint32_t kMissedMax = 10;
  const size_t waiting_bytes_max_;
  const std::function<void(EventClient*)> on_gone_;
  Give give_;
  std::string waiting_;
  uint32_t missed_ = 0;
};

// "event: NAME\ndata: JSON\n\n"
std::string event_of(std::string_view name, JsonWriter& json);

}  // namespace millrace::extensions::console
