// Errors of the disk: of writing, until a probe succeeds, and of reading, until a record is read.
// One thread at a time (the log's lock).
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "base/time.h"

namespace millrace::segment_log {

class Trouble {
 public:
  static constexpr Duration kProbeEvery = 1s;

  // Appends are refused while it is there.
  const std::optional<Error>& write_error() const { return write_error_; }
  const std::optional<std::string>& read_error() const { return read_error_; }

  // True: writing worked until now.
  bool refuse_writes(const Error& error, WallTime now) {
    const bool is_new = !write_error_.has_value();
    write_error_ = error;
    probed_at_ = now;
    return is_new;
  }
  void note_failed_probe(const Error& error) { write_error_ = error; }
  void end_refusal() { write_error_.reset(); }
  // True: a probe is due, and counts as made now. A clock that is set back does not stop the
  // probes.
  bool try_begin_probe(WallTime now) {
    if (now >= probed_at_ && now < probed_at_ + kProbeEvery) return false;
    probed_at_ = now;
    return true;
  }

  void note_read_failure(const Error& error) { read_error_ = error.message; }
  void note_read() { read_error_.reset(); }

 private:
  std::optional<Error> write_error_;
  WallTime probed_at_{};
  std::optional<std::string> read_error_;
};

}  // namespace millrace::segment_log
