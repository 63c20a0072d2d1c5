// What one worker has done in each account, in its own book: the other half of every move that it
// makes. So each worker can be audited alone (audit.h): what its book says it must hold is compared
// with what a walk finds there, and that is exact at any moment between two tasks of its loop,
// whatever the other workers do.
//
// Accounts are changed by books alone, so none of their numbers can differ from the books'.
// Threads: one for a Book, any for a StockBook. Cost: a few additions beside the account's own.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <utility>
#include <vector>

#include "ledger/ledger.h"

namespace millrace::ledger {

// Which of the two kinds an element of the shared queue is, so that the audit can wait until the
// older kind has left (audit.h).
using Generation = uint8_t;
inline constexpr size_t kGenerationCount = 2;

// What each account's new elements are to be; those that are not named stay.
using Generations = std::vector<std::pair<const Account*, Generation>>;

struct BookLine {
  Account* account = nullptr;
  Amount balance;  // came in less went out: what this worker must hold; wraps below zero
  // Put into the queue that the workers share, and taken from it; only ever grows, as do the next.
  std::array<Amount, kGenerationCount> queued;
  std::array<Amount, kGenerationCount> taken;
  Amount stored;   // left to the disk alone
  Amount fetched;  // read back from it
  Generation generation = 0;
};

class Book {
 public:
  void admit(Account& account, Amount amount) {
    account.admit(amount);
    line_of(account).balance += amount;
  }
  void deliver(Account& account, Amount amount) {
    account.deliver(amount);
    line_of(account).balance -= amount;
  }
  void filter(Account& account, Amount amount) {
    account.filter(amount);
    line_of(account).balance -= amount;
  }
  void sample_out(Account& account, Amount amount) {
    account.sample_out(amount);
    line_of(account).balance -= amount;
  }
  void reject_by_peer(Account& account, Amount amount) {
    account.reject_by_peer(amount);
    line_of(account).balance -= amount;
  }
  void drop(Account& account, DropReason reason, Amount amount) {
    account.drop(reason, amount);
    line_of(account).balance -= amount;
  }
  // Into the shared queue; the element must carry what is returned until it is taken.
  [[nodiscard]] Generation queue(Account& account, Amount amount) {
    BookLine& line = line_of(account);
    line.balance -= amount;
    line.queued[line.generation] += amount;
    return line.generation;
  }
  void take(Account& account, Amount amount, Generation generation) {
    BookLine& line = line_of(account);
    line.balance += amount;
    line.taken[generation] += amount;
  }
  void store(Account& account, Amount amount) {
    BookLine& line = line_of(account);
    line.balance -= amount;
    line.stored += amount;
  }
  void fetch(Account& account, Amount amount) {
    BookLine& line = line_of(account);
    line.balance += amount;
    line.fetched += amount;
  }

  const std::vector<BookLine>& lines() const { return lines_; }
  void turn_to(const Generations& generations) {
    for (BookLine& line : lines_) {
      for (const auto& [account, generation] : generations) {
        if (account == line.account) line.generation = generation;
      }
    }
  }

 private:
  // A destination has as many accounts as pipelines that lead to it: one or a few.
  BookLine& line_of(Account& account) {
    for (BookLine& line : lines_) {
      if (line.account == &account) return line;
    }
    lines_.push_back({.account = &account});
    return lines_.back();
  }

  std::vector<BookLine> lines_;
};

// The moves of what lies on disk only, which no worker makes. One for each account on disk.
class StockBook {
 public:
  explicit StockBook(Account& account) : account_(&account) {}

  Account& account() const { return *account_; }
  // At the start.
  void recover(Amount amount) {
    recovered_ += amount;
    account_->recover(amount);
  }
  void lose(DropReason reason, Amount amount) {
    account_->drop(reason, amount);
    lost_items_.fetch_add(amount.items, std::memory_order_seq_cst);
    lost_bytes_.fetch_add(amount.bytes, std::memory_order_seq_cst);
  }
  Amount recovered() const { return recovered_; }
  Amount lost() const {
    return {lost_items_.load(std::memory_order_seq_cst),
            lost_bytes_.load(std::memory_order_seq_cst)};
  }

 private:
  Account* account_;
  Amount recovered_;
  // Any thread adds, the audit reads among other numbers that must not overtake these: seq_cst.
  std::atomic<uint64_t> lost_items_{0};
  std::atomic<uint64_t> lost_bytes_{0};
};

}  // namespace millrace::ledger
