// Has what is pending sent although it is little, once it has waited for the batch's flush time.
//
// One worker's, on its loop.
#pragma once

#include <functional>
#include <memory>

#include "base/time.h"
#include "destination/batcher.h"
#include "destination/send_window.h"
#include "io/loop.h"

namespace millrace::pipeline {

class FlushTimer {
 public:
  // The batcher, the window and the loop outlive this.
  FlushTimer(const Batcher& batcher, const SendWindow& window, Duration flush_timeout,
             io::Loop& loop, std::function<void()> flush);
  // After what is pending has changed. `has_sent`: a batch was sent, and the wait of the rest
  // begins anew.
  void update(bool has_sent);

 private:
  void follow_partitions();

  const Batcher& batcher_;
  const SendWindow& window_;
  const Duration flush_timeout_;
  io::Loop& loop_;
  std::unique_ptr<io::Timer> timer_;
};

}  // namespace millrace::pipeline
