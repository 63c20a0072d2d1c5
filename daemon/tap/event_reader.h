// Reads a stream of server-sent events (HTML standard, section 9.2) from bytes as they come. Pure;
// one thread. Keeps at most one event of kEventBytesMax.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace millrace::tap {

class EventReader {
 public:
  static constexpr size_t kEventBytesMax = size_t{8} << 20;
  // `name`: "message" where the stream gives none. Not called for an event without data.
  using OnEvent = std::function<void(std::string_view name, std::string_view data)>;
  explicit EventReader(OnEvent on_event) : on_event_(std::move(on_event)) {}

  // Error: an event that is too large; the reader must not be used after it.
  Status receive(std::string_view bytes);

 private:
  void read_line(std::string_view line);

  const OnEvent on_event_;
  std::string line_;  // without its end
  bool is_after_return_ = false;
  std::string name_;
  std::string data_;
  bool has_data_ = false;
};

}  // namespace millrace::tap
