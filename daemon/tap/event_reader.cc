#include "daemon/tap/event_reader.h"

#include <algorithm>

namespace millrace::tap {

Status EventReader::receive(std::string_view bytes) {
  while (!bytes.empty()) {
    // A line ends with \n, \r\n or \r.
    if (is_after_return_ && bytes.front() == '\n') bytes.remove_prefix(1);
    is_after_return_ = false;
    const size_t end = std::min(bytes.find_first_of("\r\n"), bytes.size());
    if (line_.size() + data_.size() + end > kEventBytesMax) {
      return fail(Code::kResourceExhausted, "an event of the stream is too large");
    }
    line_ += bytes.substr(0, end);
    if (end == bytes.size()) return {};
    is_after_return_ = bytes[end] == '\r';
    bytes.remove_prefix(end + 1);
    read_line(line_);
    line_.clear();
  }
  return {};
}

void EventReader::read_line(std::string_view line) {
  if (line.empty()) {
    if (has_data_) on_event_(name_.empty() ? "message" : name_, data_);
    name_.clear();
    data_.clear();
    has_data_ = false;
    return;
  }
  const size_t colon = std::min(line.find(':'), line.size());
  const std::string_view field = line.substr(0, colon);
  std::string_view value = line.substr(std::min(colon + 1, line.size()));
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (field == "event") {
    name_ = value;
  } else if (field == "data") {
    if (has_data_) data_ += '\n';
    data_ += value;
    has_data_ = true;
  }
}

}  // namespace millrace::tap
