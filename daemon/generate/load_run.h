// The generator without its sockets: decides when to send a request with which client, and sums up
// the results. Runs on the loop's thread.
//
// A Slot holds one request in flight (connections times streams). It keeps its requests'
// chunks, so that only the client allocates during the run.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "compress/compressor.h"
#include "daemon/generate/load_result.h"
#include "daemon/generate/numbered_id.h"
#include "daemon/generate/options.h"
#include "daemon/generate/pacer.h"
#include "daemon/generate/payload_template.h"
#include "io/loop.h"
#include "transport/client/client.h"

namespace millrace::load {

class LoadRun {
 public:
  using Clients = std::vector<std::unique_ptr<transport::Client>>;
  // `loop` must outlive the run; `on_finished` is called once, in a turn of its own.
  LoadRun(io::Loop& loop, const GenerateOptions& options, Clients clients,
          std::function<void()> on_finished);
  ~LoadRun();
  LoadRun(const LoadRun&) = delete;
  LoadRun& operator=(const LoadRun&) = delete;

  // Called with the first item and the number of items of each request that was answered OK without
  // rejected items. Call before start().
  using OnAcknowledged = std::function<void(NumberedId first, uint64_t count)>;
  void observe_acknowledged(OnAcknowledged observer) { on_acknowledged_ = std::move(observer); }

  void start();
  // Begins no more requests; the run finishes when the requests in flight are answered.
  void end_sending();
  const LoadResult& result() const { return result_; }

 private:
  struct Slot;

  bool sending() const { return !sending_ended_; }
  void fill_places();
  void begin_request(Slot& slot, MonotonicTime due);
  void attempt(Slot& slot);
  void on_answer(Slot& slot, transport::ClientAnswer answer);
  void settle(Slot& slot, const transport::ClientAnswer& answer);
  void release(Slot& slot);
  void check_finished();
  Rope encode(const Bytes& body);

  io::Loop& loop_;
  const GenerateOptions options_;
  const PayloadTemplate template_;
  Clients clients_;
  std::function<void()> on_finished_;
  OnAcknowledged on_acknowledged_;  // may be empty
  compress::Compressor compressor_;
  std::vector<std::unique_ptr<Slot>> slots_;
  std::vector<Slot*> free_;
  std::unique_ptr<io::Timer> pace_timer_;
  std::unique_ptr<io::Timer> end_timer_;
  std::optional<Pacer> pacer_;  // open loop only
  uint64_t next_sequence_;
  MonotonicTime started_at_{};
  bool sending_ended_ = false;
  bool finished_ = false;
  LoadResult result_;
};

}  // namespace millrace::load
