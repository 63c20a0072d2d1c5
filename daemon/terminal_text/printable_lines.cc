#include "daemon/terminal_text/printable_lines.h"

#include <algorithm>

#include "base/printable_text.h"

namespace millrace::terminal_text {

std::string printable_lines(std::string_view text) {
  std::string lines;
  for (;;) {
    const size_t end = std::min(text.find('\n'), text.size());
    append_printable(lines, text.substr(0, end));
    if (end == text.size()) return lines;
    lines += '\n';
    text.remove_prefix(end + 1);
  }
}

}  // namespace millrace::terminal_text
