// When a client looks up the name of its endpoint: at intervals, after a failure with a back-off,
// and earlier when its channel asks for it. Says when the next look-up is due; the channel has the
// timer.
//
// Used on the client's loop only.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "io/loop.h"
#include "transport/client/connect_backoff.h"

namespace millrace::transport {

class EndpointResolver {
 public:
  struct Options {
    std::string host;
    uint16_t port = 0;
    Duration interval = 30s;  // between look-ups that succeed
    Duration backoff_initial = 1s;
    Duration backoff_max = 120s;
  };
  // The addresses, at least one; an error names the host.
  using OnResult = std::move_only_function<void(Result<std::vector<io::Address>>)>;

  // `on_result` runs in a turn of the loop, at which time due_at() says when the next look-up is.
  EndpointResolver(io::Loop& loop, Options options, OnResult on_result);

  const std::string& host() const { return options_.host; }
  bool is_running() const { return running_ != nullptr; }
  // When the last look-up began; 0: none did.
  MonotonicTime begun_at() const { return begun_at_; }
  // The next look-up; kNever while one is running. At first: at once.
  MonotonicTime due_at() const { return due_at_; }
  void start_if_due();

  // Makes the next look-up due at `when`, if it is due later: a failure asks for it, so look-ups
  // keep a distance of a second.
  void want_at(MonotonicTime when);
  // The same `gap` after the last one began: a request asks for it.
  void want_after(Duration gap);

  // Destroys the look-up that has ended in this turn; not from inside `on_result`.
  void end_turn() { ended_.reset(); }
  // `on_result` is not called any more.
  void stop() { running_.reset(); }

 private:
  void start();
  void on_ended(Result<std::vector<io::Address>> result);

  io::Loop& loop_;
  const Options options_;
  OnResult on_result_;
  std::unique_ptr<io::Loop::Resolution> running_;
  std::unique_ptr<io::Loop::Resolution> ended_;
  ConnectBackoff backoff_;
  MonotonicTime due_at_{};
  MonotonicTime begun_at_{};
};

}  // namespace millrace::transport
