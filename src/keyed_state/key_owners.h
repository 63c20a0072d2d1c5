// Which worker owns a key, and what is on its way to each owner. One for each processor that keeps
// state by key, shared by all workers; it survives the graph (assembly/README.md).
//
// Made before the loops run, destroyed after them; what is still under way then is dropped and
// counted as `shutdown`. Threads: any, unless stated.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "keyed_state/mailbox.h"
#include "ledger/ledger.h"
#include "memory/budget.h"

namespace millrace::keyed_state {

// Hashes the bytes of a key. The seed keeps senders from choosing keys that all have one owner.
uint64_t hash_of(std::span<const uint8_t> key, uint64_t seed);

class KeyOwners {
 public:
  // `limits`: of the mailbox of each worker. `seed`: random, and the same for all workers.
  KeyOwners(size_t worker_count, MailboxLimits limits, uint64_t seed, Budget& budget);
  ~KeyOwners();
  KeyOwners(const KeyOwners&) = delete;
  KeyOwners& operator=(const KeyOwners&) = delete;

  // The accounts of a pipeline in which this stands, one for each of its destinations; returns its
  // number. Before the loops run.
  uint32_t add_pipeline(std::vector<ledger::Account*> accounts);

  size_t worker_count() const { return mailboxes_.size(); }
  size_t owner_of(std::span<const uint8_t> key) const {
    return hash_of(key, seed_) % mailboxes_.size();
  }
  Mailbox& mailbox(size_t worker) { return *mailboxes_[worker]; }
  Budget& budget() { return budget_; }

  // Nothing is under way: a drain may go on when no worker hands over any more.
  bool is_empty() const;
  // Counts the parcels under way.
  void count_held(ledger::Held& held) const;
  // The same by generation, for the audit: see(const Account&, Generation, Amount).
  template <class See>
  void walk(See see) const {
    for (const auto& mailbox : mailboxes_) {
      mailbox->walk([&](uint32_t pipeline, GenerationBits generations, ledger::Amount amount) {
        const std::vector<ledger::Account*>& accounts = pipelines_[pipeline];
        for (size_t i = 0; i < accounts.size(); ++i) {
          see(*accounts[i], static_cast<ledger::Generation>(generations >> i & 1), amount);
        }
      });
    }
  }

 private:
  const uint64_t seed_;
  Budget& budget_;
  Reservation places_;  // of all mailboxes
  std::vector<std::unique_ptr<Mailbox>> mailboxes_;
  std::vector<std::vector<ledger::Account*>> pipelines_;
};

}  // namespace millrace::keyed_state
