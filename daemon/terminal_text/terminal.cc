#include "daemon/terminal_text/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <string_view>

namespace millrace::terminal_text {

bool is_terminal(int descriptor) { return isatty(descriptor) == 1; }

Size terminal_size(int descriptor) {
  struct winsize told{};
  if (ioctl(descriptor, TIOCGWINSZ, &told) != 0 || told.ws_col == 0 || told.ws_row == 0) return {};
  return {.columns = told.ws_col, .rows = told.ws_row};
}

Layout layout_for(int descriptor) {
  if (!is_terminal(descriptor)) return {};
  const char* no_colour = std::getenv("NO_COLOR");
  const char* kind = std::getenv("TERM");
  const bool is_plain = (no_colour != nullptr && *no_colour != '\0') || kind == nullptr ||
                        std::string_view(kind) == "dumb";
  return {.width = terminal_size(descriptor).columns,
          .colours = is_plain ? Colours::kNone : Colours::kAnsi};
}

}  // namespace millrace::terminal_text
