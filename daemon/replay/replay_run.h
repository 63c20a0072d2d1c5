// The sending of a replay without sockets and files: takes requests one by one from a source, sends
// them with a client until each has a final answer, and passes on those that were not accepted.
// Runs on the loop's thread; the source may block it.
//
// When a request has no attempt left, the destination is taken to be unavailable: the run takes no
// more requests, so that a dead endpoint costs the retries of one request only.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "compress/compressor.h"
#include "daemon/replay/options.h"
#include "daemon/replay/replay_result.h"
#include "daemon/replay/request_reader.h"
#include "io/loop.h"
#include "transport/client/client.h"

namespace millrace::replay {

class ReplayRun {
 public:
  struct Parts {
    io::Loop& loop;
    std::unique_ptr<transport::Client> client;
    std::function<std::optional<FoundRequest>()> next;  // nothing: the end
    // Called with a request that was refused or out of attempts, the answer and the ledger's
    // reason.
    std::function<void(const FoundRequest&, const Error& answer, std::string_view reason)> rejected;
    std::function<void()> finished;  // called once, in a turn of its own
  };
  // The parts, `options` and `result` must outlive the run.
  ReplayRun(Parts parts, const ReplayOptions& options, ReplayResult& result);
  ~ReplayRun();
  ReplayRun(const ReplayRun&) = delete;
  ReplayRun& operator=(const ReplayRun&) = delete;

  void start();
  // Takes no more requests. Requests that wait for a retry are given up; those in flight get their
  // answers.
  void stop(const std::string& why);

 private:
  struct Slot;

  void fill_places();
  void begin(Slot& slot, FoundRequest request);
  void attempt(Slot& slot);
  void on_answer(Slot& slot, const transport::ClientAnswer& answer);
  void accept(Slot& slot, const transport::ClientAnswer& answer);
  void give_up(Slot& slot, const transport::ClientAnswer& answer);
  void refuse(Slot& slot, const transport::ClientAnswer& answer);
  void release(Slot& slot);
  void check_finished();

  Parts parts_;
  const ReplayOptions& options_;
  ReplayResult& result_;
  compress::Compressor compressor_;
  std::vector<std::unique_ptr<Slot>> slots_;
  std::vector<Slot*> free_;
  std::unique_ptr<io::Timer> pace_timer_;
  MonotonicTime started_at_{};
  MonotonicTime next_due_{};
  bool taking_ended_ = false;
  bool finished_ = false;
};

}  // namespace millrace::replay
