// Whether a descriptor is a terminal, and its size and colours. Asks the system; any thread.
#pragma once

#include <cstddef>

#include "daemon/terminal_text/table.h"

namespace millrace::terminal_text {

bool is_terminal(int descriptor);

struct Size {
  size_t columns = 80;
  size_t rows = 24;
};
// 80 by 24 where the terminal does not tell.
Size terminal_size(int descriptor);

// A terminal gets its width and colours, unless NO_COLOR is set (https://no-color.org) or TERM is
// "dumb"; anything else no limit and no colours.
Layout layout_for(int descriptor);

}  // namespace millrace::terminal_text
