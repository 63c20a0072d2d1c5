// The ledger checked while data moves: never a false alarm, and nothing lost for long.
//
// At no moment can everything be counted: workers go on while one of them walks the queue that they
// share. So each account's equation is cut into laws that can be checked and that add up to it:
// 1. Each worker: what its book says it must hold = what a walk finds. Both are read in one task of
//    its loop, where nothing of its own is on the way: exact, always.
// 2. The shared queue: queued - taken - x = inside, where x is missing. Let G1, T1 be the books'
//    sums before a walk that sees S, and G2, T2 after it, each book read between two tasks. What
//    was inside when it began and was not taken until its end was seen: S >= G1 - T2 - x. What was
//    seen had been queued by its end and not been taken before it: S <= G2 - T1 - x. So G1 - T2 - S
//    <= x <= G2 - T1 - S: exact when nothing moves. Under load, elements are of two generations:
//    new ones of one, the other only leaves, in order, and is exact when it has left (S = 0, T1 =
//    T2); then they change places.
// 3. The disk, which has moves and threads of its own: recovered + stored - fetched - lost =
// untaken,
//    exact in a round that meets it at rest (Stock::is_settled); other rounds say nothing of it.
//
// A round leaves an interval for each x. The audit keeps a value, 0 at first, and moves it only as
// far as an interval forces it: while nothing is wrong 0 lies in all of them and it stays 0 for
// ever; when x has become k, the next exact round makes it k. One item is found by the next round
// where a worker lost or invented it; in the queue when its generation has been closed and has
// left, three rounds where the queue empties between them; on disk by the next round that meets it
// at rest.
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

// What lies on disk only, by the word of who keeps it.
struct Stock {
  Amount recovered, lost, untaken;
  // Nothing was on its way between two of its places, or to or from it, while this was read.
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

// Decides; who asks the workers and walks the queues is assembly's. A round is these calls in this
// order: begin; open and count for each worker; see for each element of each shared queue, and
// stand for each account on disk; close for each worker; conclude. Threads: one.
class Audit {
 public:
  // Returns what each worker's books are to be turned to.
  [[nodiscard]] Generations begin();
  // A worker's books, and what it holds, both read in the task in which they were turned.
  void open(std::span<const BookLine> book);
  void count(const Held& held, std::span<const Account* const> accounts);
  void see(const Account& account, Generation generation, Amount amount);
  void stand(const Account& account, const Stock& stock);
  // The same worker's books again, when all queues have been walked.
  void close(std::span<const BookLine> book);
  // The laws whose value has changed; items and bytes 0: it came back.
  std::vector<Finding> conclude();

  uint64_t round_count() const { return round_count_; }
  // Every law that is known not to hold.
  std::vector<Finding> findings() const;

 private:
  // What must contain the true value, and the value that is kept.
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
    // Of the round under way.
    Sums before, after;
    Amount owed, held;
    std::array<Amount, kGenerationCount> seen;
    Stock stock;
    bool has_stock = false;
  };
  Row& row_of(const Account& account);
  static void move(Known& known, Amount low, Amount high);
  static void conclude(Row& row);
  static std::array<Finding, 3> findings_of(const Row& row);

  std::vector<Row> rows_;
  uint64_t round_count_ = 0;
};

}  // namespace millrace::ledger
