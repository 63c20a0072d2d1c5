// Shows how far a run on a loop is, while this lives, when standard error is a terminal.
// Belongs to the loop; must not outlive it.
#pragma once

#include <functional>
#include <memory>

#include "daemon/terminal_text/progress.h"
#include "io/loop.h"

namespace millrace::load {

class ShownProgress {
 public:
  // `measure` is called while the loop runs.
  ShownProgress(io::Loop& loop, std::function<terminal_text::Progress()> measure);

  bool is_shown() const { return line_.is_shown(); }
  void clear() { line_.clear(); }

 private:
  void show();

  io::Loop& loop_;
  const std::function<terminal_text::Progress()> measure_;
  terminal_text::ProgressLine line_;
  std::unique_ptr<io::Timer> timer_;
};

}  // namespace millrace::load
