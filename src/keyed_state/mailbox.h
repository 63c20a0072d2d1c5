// The parcels on their way to one owner: a bounded ring, reserved by count and by bytes before
// anything is put in, and the flag that keeps its wake-ups to one.
//
// Threads: any may reserve, put and count; only the owner takes.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "keyed_state/parcel.h"
#include "ledger/book.h"
#include "ledger/ledger.h"
#include "queue/mpmc_ring.h"

namespace millrace::keyed_state {

// The generations of the accounts of one pipeline (ledger/book.h), a bit for each of its
// destinations.
using GenerationBits = uint32_t;
inline constexpr size_t kDestinationsMax = 32;

struct MailboxLimits {
  uint32_t parcels_max = 1024;
  uint64_t bytes_max = 64 << 20;  // of the slices
};

class Mailbox {
 public:
  explicit Mailbox(MailboxLimits limits);

  // Room for one parcel of that many bytes. A parcel that is larger than bytes_max has room where
  // nothing else is under way.
  [[nodiscard]] bool try_reserve(uint64_t bytes);
  void release(uint64_t bytes);

  // Precondition: room is reserved for it.
  void put(Parcel parcel, GenerationBits generations);
  // True: the caller must wake the owner. False: a wake-up is under way that will see what was put
  // before this call.
  [[nodiscard]] bool request_wake() { return !wake_requested_.exchange(true); }

  // The owner, when it was woken: before it takes anything.
  void begin_taking() { wake_requested_.exchange(false); }
  // The parcel's room is free from now on.
  bool try_take(Parcel* parcel, GenerationBits* generations);

  // No parcel is under way. Exact while no thread puts one.
  bool is_empty() const { return reserved_.load(std::memory_order_seq_cst) == 0; }
  uint64_t reserved_bytes() const { return reserved_.load(std::memory_order_seq_cst) & kBytesMask; }
  // Memory for each parcel that was ever under way at once.
  static constexpr size_t place_bytes() { return Ring::slot_bytes(); }
  size_t place_count() const { return ring_.capacity(); }

  // For the ledger, walks the parcels here: calls see(pipeline, GenerationBits, Amount) for each,
  // each once if nothing is put or taken meanwhile (queue/mpmc_ring.h).
  template <class See>
  void walk(See see) const {
    ring_.walk([&](queue::Label label) {
      see(static_cast<uint32_t>(label.first >> 32), static_cast<GenerationBits>(label.first),
          ledger::Amount{label.second >> 32, label.second & UINT32_MAX});
    });
  }

 private:
  struct Entry {
    Parcel parcel;
    GenerationBits generations = 0;
  };
  using Ring = queue::MpmcRing<Entry>;
  static constexpr unsigned kBytesBits = 44;
  static constexpr uint64_t kBytesMask = (uint64_t{1} << kBytesBits) - 1;

  const MailboxLimits limits_;
  Ring ring_;
  // Parcels in the upper bits, bytes in the lower: both are decided in one step. Senders add, the
  // owner subtracts; sequentially consistent, so that a drain that sees zero has seen everything.
  std::atomic<uint64_t> reserved_{0};
  // Set by the sender that posts a wake-up, cleared by the owner before it takes. Exchanges, so
  // that the owner that clears it sees what was put before any request that found it set.
  std::atomic<bool> wake_requested_{false};
};

}  // namespace millrace::keyed_state
