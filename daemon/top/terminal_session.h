// Borrows the terminal of standard input and output: keys come one by one and unseen, and the
// pictures are drawn on the alternate screen. At the end, also by a signal, the terminal is as it
// was. One object at a time in a process; one thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace millrace::top {

class TerminalSession {
 public:
  // Error: standard input or output is no terminal.
  static Result<std::unique_ptr<TerminalSession>> begin();
  ~TerminalSession();
  TerminalSession(const TerminalSession&) = delete;
  TerminalSession& operator=(const TerminalSession&) = delete;

  // Replaces the picture; what does not fit into the rows is left out.
  void draw(const std::vector<std::string>& lines);
  // The next key that was pressed, or nothing. Never waits. The escape sequences of arrows and
  // others are keys of value 0.
  std::optional<char> next_key();

  // What signals ask for since the last call.
  struct Asked {
    int end = 0;          // the number of the signal; 0: none
    bool redraw = false;  // the size changed, or the program was stopped and goes on
  };
  // Where the user stopped the program (Ctrl-Z), this gives the terminal back, stops, and borrows
  // it again when the program goes on.
  Asked take_signals();

 private:
  TerminalSession() = default;
};

}  // namespace millrace::top
