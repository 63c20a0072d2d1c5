// Cuts a body that comes in pieces into lines. A line that lies in one piece is shown where it is;
// only a line that continues in the next piece is copied, at most kLineBytesMax of it. One thread.
#pragma once

#include <string>
#include <string_view>

#include "receivers/prometheus/exposition.h"

namespace millrace::receivers::prometheus {

class LineReader {
 public:
  // Calls `on_line(std::string_view) -> Status` with each whole line, without its end.
  template <class OnLine>
  Status feed(std::string_view piece, OnLine on_line) {
    while (!piece.empty()) {
      const size_t end = piece.find('\n');
      const std::string_view part = piece.substr(0, end);
      if (begun_.size() + part.size() > kLineBytesMax) {
        return fail(Code::kResourceExhausted, "a line is longer than 1 MiB");
      }
      if (end == std::string_view::npos) {
        begun_ += part;
        return {};
      }
      piece.remove_prefix(end + 1);
      std::string_view line = part;
      if (!begun_.empty()) line = begun_.append(part);
      const Status seen = on_line(line);
      begun_.clear();
      if (!seen) return seen;
    }
    return {};
  }
  // The text behind the last line end.
  std::string_view rest() const { return begun_; }

 private:
  std::string begun_;
};

}  // namespace millrace::receivers::prometheus
