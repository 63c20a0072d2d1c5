// An obligation is what is owed for one request, or for one part of it, in one destination: its
// items in the account, its share of the queue's room, the answer that its sender waits for, and
// its record on disk.
//
// It is owed once. An obligation moves from the queue into a batch in flight, may be split among
// parts, and ends with close(), called by Settlement (settlement.h). An open one that is
// destroyed would lose items from the ledger: that stops a build with debug checks.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "base/check.h"
#include "ledger/ledger.h"
#include "pipeline/payload.h"
#include "storage/backlog.h"

namespace millrace::pipeline {

class Obligation {
 public:
  struct Terms {
    ledger::Account* account = nullptr;
    uint32_t item_count = 0;
    uint32_t admitted_bytes = 0;  // of the payload as admitted: the ledger's measure
    uint32_t cost = 0;            // reserved in the sending queue, in its unit
    std::shared_ptr<Completion> completion = {};  // null: no sender waits
    LeaseRef record = {};                         // null: the destination has no storage
  };

  Obligation() = default;  // closed
  explicit Obligation(Terms terms);
  // Moves are inline: each request is moved several times on its way.
  Obligation(Obligation&& other) noexcept
      : account_(std::exchange(other.account_, nullptr)),
        completion_(std::move(other.completion_)),
        record_(std::move(other.record_)),
        item_count_(other.item_count_),
        admitted_bytes_(other.admitted_bytes_),
        cost_(other.cost_),
        slots_(other.slots_),
        is_part_(other.is_part_) {}
  Obligation& operator=(Obligation&& other) noexcept {
    MILLRACE_DCHECK(!is_open());
    account_ = std::exchange(other.account_, nullptr);
    completion_ = std::move(other.completion_);
    record_ = std::move(other.record_);
    item_count_ = other.item_count_;
    admitted_bytes_ = other.admitted_bytes_;
    cost_ = other.cost_;
    slots_ = other.slots_;
    is_part_ = other.is_part_;
    return *this;
  }
  ~Obligation() { MILLRACE_DCHECK(!is_open()); }

  bool is_open() const { return account_ != nullptr; }
  ledger::Account& account() const { return *account_; }
  uint32_t item_count() const { return item_count_; }
  ledger::Amount amount() const { return {item_count_, admitted_bytes_}; }
  uint32_t cost() const { return cost_; }
  // Slots of the ring that are reserved for it: 1, or 0 for all parts of a request but the first.
  uint32_t slots() const { return slots_; }
  // Cut from a larger request: a partial success cannot be attributed to it.
  bool is_part() const { return is_part_; }
  bool is_awaited() const { return completion_ != nullptr; }
  const LeaseRef& record() const { return record_; }
  bool is_on_disk() const { return record_ != nullptr && record_->is_on_disk(); }

  // One for each of `item_counts`, which add up to item_count(). Bytes and cost are divided in
  // proportion to the items and add up as well; the completion is owed one more answer for each
  // part but the first. This is closed.
  std::vector<Obligation> split(std::span<const uint32_t> item_counts);

  // Ends it. Returns the completion of the sender that waits, or null: the caller answers it. The
  // record ends with the last part that refers to it, when this is destroyed.
  [[nodiscard]] std::shared_ptr<Completion> close();

 private:
  ledger::Account* account_ = nullptr;
  std::shared_ptr<Completion> completion_;
  LeaseRef record_;
  uint32_t item_count_ = 0;
  uint32_t admitted_bytes_ = 0;
  uint32_t cost_ = 0;
  uint8_t slots_ = 1;
  bool is_part_ = false;
};

}  // namespace millrace::pipeline
