// When a batch is formed on one worker, and of what.
//
// The shared ring is the batch that is growing; a worker takes from it only with a permit in hand.
// Requests that a worker took and could not send lie here and go first: one list, or one for each
// combination of the headers that metadata_keys names.
//
// Nothing pending may be forgotten: a worker that enqueues publishes first and then looks for a
// permit (or at the attempts under way); one that becomes free gives back first and then looks for
// what is pending. All of these are sequentially consistent, so one of the two sees the other.
//
// On the worker's loop only. It decides and takes; sending, settling and timers are the caller's.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "destination/flight.h"
#include "destination/peer_size_limit.h"
#include "destination/pending_request.h"
#include "destination/send_window.h"
#include "destination/sending_queue.h"
#include "ledger/book.h"
#include "pipeline/options.h"

namespace millrace::pipeline {

class Batcher {
 public:
  // Why a batch may be formed now.
  enum class Trigger : uint8_t {
    kEnqueued,    // something was enqueued, or nothing particular happened
    kPermitFree,  // a permit came free
    kTimeout,     // flush_timeout has passed: however little is pending
  };
  // How a request that alone exceeds a maximum is cut.
  struct Cutting {
    // It takes too long for one turn: form() returns it instead of cutting it.
    std::function<bool(const PendingRequest&)> takes_slices;
    // At once; no pieces: it cannot be cut.
    std::function<std::vector<CutPiece>(const PendingRequest&, CutLimits)> cut;
  };
  struct Formed {
    std::unique_ptr<Flight> batch;  // null: nothing to send, or only after `large` was cut
    // To be cut and given back with put_in_front; then form again.
    std::optional<PendingRequest> large;
    std::vector<PendingRequest> expired;  // waited longer than age_max: to be dropped
  };
  struct Parts {
    const DestinationOptions& options;
    SendingQueue& queue;
    SendWindow& window;
    const PeerSizeLimit& peer_size_limit;
    ledger::Book& book;
    Cutting cutting;
  };
  // All that is referred to outlives this.
  explicit Batcher(Parts parts) : parts_(std::move(parts)), options_(parts_.options) {}

  bool is_partitioned() const { return !options_.batch.metadata_keys.empty(); }
  // Something lies here, or in the ring as well.
  bool has_own() const { return !own_.requests.empty() || !partitions_.empty(); }
  bool has_pending() const { return has_own() || parts_.queue.has_pending(); }

  bool is_ready(Trigger trigger, MonotonicTime now);
  // With a permit in hand. Empty also where another worker was quicker, or is forming.
  Formed form(Trigger trigger, MonotonicTime now);
  CutLimits limits() const;
  // When the first partition is due; kNever: none.
  MonotonicTime first_due() const;

  // Parts of a request, or the whole where there are no pieces: then it is never cut again.
  void put_in_front(PendingRequest large, std::vector<CutPiece> pieces);
  // In order; back into the ring where there are partitions.
  void put_in_front(std::vector<PendingRequest> requests);
  // Into the ring; its room is reserved.
  void push(PendingRequest&& request);

  // The oldest pending request of this worker, else the oldest of the ring; null: none. Valid
  // until the next call of anything here. take_oldest takes that one.
  const PendingRequest* find_oldest(MonotonicTime now);
  PendingRequest take_oldest();

  // All that is pending, own first, one by one; false: nothing is left.
  bool take_next(PendingRequest& into);
  // A part of a sweep over all pending requests: calls `visit` for the requests of this worker,
  // then for those of the ring, which it takes out one by one, until the sum of the work that
  // `visit` returns reaches `work_max`. nullopt ends the sweep. Returns whether another part is
  // needed, which goes on behind this one.
  using Visit = std::function<std::optional<size_t>(PendingRequest&)>;
  void begin_sweep();
  bool sweep_part(MonotonicTime now, size_t work_max, const Visit& visit);
  void count_held(ledger::Held& held) const;
  // When the oldest request that lies here was admitted; kNever: none lies here. The first of each
  // list is its oldest, or nearly so.
  MonotonicTime oldest() const;

 private:
  struct List {
    std::deque<PendingRequest> requests;
    uint64_t items = 0;  // sums over requests
    uint64_t bytes = 0;
    MonotonicTime due = kNever;  // of a partition
    MetadataRef metadata;        // of a partition: only the keys' entries
    size_t swept = 0;            // requests at the front that the sweep has visited
    void push_back(PendingRequest request);
    void push_front(PendingRequest request);
    PendingRequest pop_front() { return take(0); }
    PendingRequest take(size_t index);
  };

  BatchMode mode() const;
  bool has_minimum() const;
  bool try_pop(PendingRequest& into);
  void sort_into_partitions(MonotonicTime now);
  List* ready_partition(MonotonicTime now);
  bool is_half_full(uint64_t items, uint64_t bytes) const;
  bool take_one(List& list, MonotonicTime now, Formed& formed, PendingRequest& into);
  void cut_in_front(List& list, PendingRequest large, std::vector<CutPiece> pieces);
  Formed form_now(MonotonicTime now);
  bool fill(List& list, MonotonicTime now, Formed& formed);
  // The most bytes that are joined; no limit: the largest number.
  uint64_t joined_bytes_max() const;
  bool is_full(const Flight& flight, CutLimits limits) const;
  void leave_partition(List& list, Flight& flight, MonotonicTime now);

  const Parts parts_;
  const DestinationOptions& options_;
  List own_;  // without partitions
  std::map<std::string, List> partitions_;
  // What find_oldest found.
  List* oldest_list_ = nullptr;
  size_t oldest_index_ = 0;
};

}  // namespace millrace::pipeline
