// Checks the ledger while data moves: no false alarm, and each imbalance is found soon.
//
// No moment exists at which all items can be counted: workers go on while one of them walks the
// queue that they share. So the equation of each account is divided into laws that can be checked
// and whose sum is the equation:
// 1. Each worker: the amount that its book says it must hold = the amount that a walk finds. Both
// are
//    read in one task of its loop, between two moves: exact, always.
// 2. The shared queue: queued - taken - x = inside, where x is missing. Let G1, T1 be the books'
// sums
//    before a walk that sees S, and G2, T2 the sums after it, each book read between two tasks. The
//    walk sees each element that was inside at its start and not taken until its end:
//    S >= G1 - T2 - x. Each element that it sees was queued before its end and not taken before its
//    start: S <= G2 - T1 - x. So G1 - T2 - S <= x <= G2 - T1 - S, which is exact when nothing
//    moves. Under load, elements are of two generations: new elements are of one; elements of the
//    other only leave, in order, and their law is exact when all have left (S = 0, T1 = T2). Then
//    the two change places.
// 3. The disk, with moves and threads of its own: recovered + stored - fetched - lost = untaken. It
// is
//    exact in a round in which nothing moves there (Stock::is_settled) and unknown in other rounds.
//
// A round gives an interval for each x. The audit keeps a value, 0 at first, and moves it only as
// far as an interval requires. While nothing is wrong 0 lies in all intervals and the value stays
// 0; when x has become k, the next exact round makes it k. So one item is found by the next round
// if a worker lost or invented it; in the queue when its generation has been closed and has left,
// three rounds if the queue is empty between them; on disk by the next round in which nothing moves
// there.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/book.h"
#include "ledger/ledger.h"

namespace millrace::ledger {

// The amounts of one account on disk, as its storage reports them.
struct Stock {
  Amount recovered, lost, untaken;
  // No item was moving to, from or inside the storage while this was read.
  bool is_settled = false;
};

enum class Place : uint8_t { kWorkers, kQueue, kDisk };
std::string_view place_name(Place place);  // "workers", "queue", "disk"

// The proven imbalance of one law; as in Imbalance, positive is lost and negative is invented.
struct Finding {
  const Account* account = nullptr;
  Place place = Place::kWorkers;
  int64_t items = 0;
  int64_t bytes = 0;
  std::string to_text() const;
};

// Decides whether accounts balance. The caller asks the workers and walks the queues. A round is
// these calls in this order, which is checked: begin; open and count for each worker; see for each
// element of each shared queue, and stand for each account on disk; close for each worker;
// conclude. Threads: one.
class Audit {
 public:
  // Returns the generations to which each worker's books are to be turned.
  [[nodiscard]] Generations begin();
  // A worker's books and the amounts that it holds, both read in the task that turned the books.
  void open(std::span<const BookLine> book);
  void count(const Held& held, std::span<const Account* const> accounts);
  void see(const Account& account, Generation generation, Amount amount);
  void stand(const Account& account, const Stock& stock);
  // The same worker's books again, after all queues have been walked.
  void close(std::span<const BookLine> book);
  // Returns the laws whose value has changed; items and bytes 0: the law holds again.
  std::vector<Finding> conclude();

  uint64_t round_count() const { return round_count_; }
  // Returns every law that is known not to hold.
  std::vector<Finding> findings() const;

 private:
  // The kept value of one law.
  struct Known {
    int64_t items = 0;
    int64_t bytes = 0;
  };
  struct Sums {
    std::array<Amount, kGenerationCount> queued, taken;
    Amount stored, fetched;
  };
  struct Row {
    const Account* account = nullptr;
    Generation generation = 0;
    Known workers, disk;
    std::array<Known, kGenerationCount> queue;
    // The numbers of the current round.
    Sums before, after;
    Amount owed, held;
    std::array<Amount, kGenerationCount> seen;
    Stock stock;
    bool has_stock = false;
  };
  // The steps of a round, in their order; kNone: no round is under way.
  enum class Step : uint8_t { kNone, kOpen, kWalk, kClose };
  void advance_to(Step step);
  Row& row_of(const Account& account);
  static void move(Known& known, Amount low, Amount high);
  static void conclude(Row& row);
  static std::array<Finding, 3> findings_of(const Row& row);

  std::vector<Row> rows_;
  Step step_ = Step::kNone;
  uint64_t round_count_ = 0;
};

}  // namespace millrace::ledger
