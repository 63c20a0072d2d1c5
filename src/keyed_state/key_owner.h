// One worker's side of the ownership of keys: gives parcels to the workers that own their keys, and
// gets those whose keys this worker owns. Between one sender and one owner parcels keep their
// order.
//
// Used on its worker's loop only; made before the loop runs and destroyed after it has stopped.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/result.h"
#include "io/loop.h"
#include "keyed_state/key_owners.h"
#include "ledger/book.h"

namespace millrace::keyed_state {

// The processor's part.
class ParcelTaker {
 public:
  // From now on the parcel's items are held by the taker. Called on its loop, not from inside of
  // hand_over() but for parcels that this worker owns itself.
  virtual void take(Parcel parcel) = 0;

 protected:
  ~ParcelTaker() = default;
};

class KeyOwner {
 public:
  // The book and the account of one destination of a pipeline, on this worker.
  struct Books {
    ledger::Book* book = nullptr;
    ledger::Account* account = nullptr;
  };
  struct Outgoing {
    size_t owner = 0;
    Parcel parcel;
  };

  // `worker`: the number of this worker among `loops`, which are those of all workers.
  KeyOwner(KeyOwners& owners, std::vector<io::Loop*> loops, size_t worker, ParcelTaker& taker);
  ~KeyOwner();
  KeyOwner(const KeyOwner&) = delete;
  KeyOwner& operator=(const KeyOwner&) = delete;
  // Where this one is, for the wake-ups of the others. Before the loops run.
  void connect(const std::vector<KeyOwner*>& all);
  // For each pipeline in the order of KeyOwners::add_pipeline, its destinations in the order of the
  // accounts there. Before the loops run.
  void add_pipeline(std::vector<Books> books);

  // Gives each parcel to its owner, or none of them: kUnavailable where an owner's mailbox or the
  // budget has no room now. The items must be in this worker's books; those of parcels for others
  // leave them here and enter the owner's when it takes them. At most one parcel for each owner.
  Status hand_over(std::vector<Outgoing> parcels);

 private:
  Status reserve(std::vector<Outgoing>& parcels);
  void put(size_t owner, Parcel parcel);
  void wake_owners();
  void on_wake();
  void own(Parcel parcel, GenerationBits generations);

  KeyOwners& owners_;
  const std::vector<io::Loop*> loops_;
  io::Loop& loop_;
  const size_t worker_;
  ParcelTaker& taker_;
  std::vector<KeyOwner*> all_;
  std::vector<std::vector<Books>> pipelines_;
  std::vector<bool> to_wake_;  // by worker: parcels were put in its mailbox in this turn
  bool will_wake_ = false;     // wake_owners() runs at the end of this turn
  // Tasks may run after this is gone: they look here first. Written when no loop runs.
  std::shared_ptr<KeyOwner*> self_;
};

}  // namespace millrace::keyed_state
