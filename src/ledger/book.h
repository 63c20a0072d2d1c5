// The moves that one worker has made in each account. A book lets the audit check each worker alone
// (audit.h): the amount that the book says the worker must hold is compared with the amount that a
// walk finds there. That is exact between any two tasks of the worker's loop, whatever the other
// workers do.
//
// Only books change accounts, so the numbers of both always agree.
// Threads: one for a Book, any for a StockBook. Cost: a few additions beside the account's own.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <utility>
#include <vector>

#include "ledger/ledger.h"

namespace millrace::ledger {

// The generation of an element of the shared queue, one of two, so that the audit can wait until
// all elements of the older one have left (audit.h).
using Generation = uint8_t;
inline constexpr size_t kGenerationCount = 2;

// The generation of new elements for each account; accounts that are not named keep theirs.
using Generations = std::vector<std::pair<const Account*, Generation>>;

struct BookLine {
  Account* account = nullptr;
  Amount balance;  // in less out: the amount that this worker must hold; wraps below zero
  // Pushed to the queue that the workers share, and popped from it. These and the next only grow.
  std::array<Amount, kGenerationCount> queued;
  std::array<Amount, kGenerationCount> taken;
  Amount stored;   // given to the disk alone
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
  // For an element that is pushed to the shared queue. The element carries the result until take().
  [[nodiscard]] Generation queue(Account& account, Amount amount) {
    BookLine& line = line_of(account);
    line.balance -= amount;
    line.queued[line.generation] += amount;
    return line.generation;
  }
  void take(Account& account, Amount amount, Generation generation) {
    MILLRACE_CHECK(generation < kGenerationCount);
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
        MILLRACE_CHECK(generation < kGenerationCount);
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

// The moves of items that are on disk only, which no worker makes. One for each account on disk.
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
  // Any thread adds. The audit reads other numbers before and after these, so the order matters:
  // seq_cst.
  std::atomic<uint64_t> lost_items_{0};
  std::atomic<uint64_t> lost_bytes_{0};
};

}  // namespace millrace::ledger
