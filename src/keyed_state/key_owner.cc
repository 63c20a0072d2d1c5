#include "keyed_state/key_owner.h"

#include <utility>

#include "base/check.h"

namespace millrace::keyed_state {
namespace {

// Taken in one turn; others' work on the loop waits for no more.
constexpr size_t kParcelsPerTurn = 256;

}  // namespace

KeyOwner::KeyOwner(KeyOwners& owners, std::vector<io::Loop*> loops, size_t worker,
                   ParcelTaker& taker)
    : owners_(owners),
      loops_(std::move(loops)),
      loop_(*loops_[worker]),
      worker_(worker),
      taker_(taker),
      to_wake_(loops_.size()),
      self_(std::make_shared<KeyOwner*>(this)) {
  MILLRACE_CHECK(loops_.size() == owners.worker_count());
}

KeyOwner::~KeyOwner() { *self_ = nullptr; }

void KeyOwner::connect(const std::vector<KeyOwner*>& all) {
  MILLRACE_CHECK(all.size() == loops_.size() && all[worker_] == this);
  all_ = all;
}

void KeyOwner::add_pipeline(std::vector<Books> books) { pipelines_.push_back(std::move(books)); }

// Room for all parcels that leave this worker, or for none.
Status KeyOwner::reserve(std::vector<Outgoing>& parcels) {
  for (size_t i = 0; i < parcels.size(); ++i) {
    const auto& [owner, parcel] = parcels[i];
    if (owner == worker_) continue;
    MILLRACE_CHECK(owner < loops_.size());
    Mailbox& mailbox = owners_.mailbox(owner);
    Reservation memory = Reservation::try_make(owners_.budget(), MemoryTerm::kKeyedState,
                                               parcel.bytes.pieces().capacity() * sizeof(Bytes));
    if (memory && mailbox.try_reserve(parcel.bytes.size())) {
      parcels[i].parcel.memory = std::move(memory);
      continue;
    }
    for (size_t back = 0; back < i; ++back) {
      if (parcels[back].owner == worker_) continue;
      owners_.mailbox(parcels[back].owner).release(parcels[back].parcel.bytes.size());
    }
    return fail(Code::kUnavailable, memory ? "the worker that owns a key has no room now"
                                           : "memory budget exhausted while handing over");
  }
  return {};
}

Status KeyOwner::hand_over(std::vector<Outgoing> parcels) {
  if (Status reserved = reserve(parcels); !reserved) return reserved;
  for (auto& [owner, parcel] : parcels) {
    if (owner != worker_) {
      put(owner, std::move(parcel));
      continue;
    }
    auto completion = parcel.settles_when_owned ? std::move(parcel.completion) : nullptr;
    taker_.take(std::move(parcel));
    if (completion != nullptr) pipeline::Completion::settle(std::move(completion), loop_);
  }
  return {};
}

void KeyOwner::put(size_t owner, Parcel parcel) {
  GenerationBits generations = 0;
  const std::vector<Books>& books = pipelines_[parcel.pipeline];
  for (size_t i = 0; i < books.size(); ++i) {
    const ledger::Generation generation = books[i].book->queue(*books[i].account, parcel.amount());
    generations |= static_cast<GenerationBits>(generation) << i;
  }
  owners_.mailbox(owner).put(std::move(parcel), generations);
  to_wake_[owner] = true;
  if (std::exchange(will_wake_, true)) return;
  loop_.defer([self = self_] {
    if (*self != nullptr) (*self)->wake_owners();
  });
}

// One post for each owner and turn.
void KeyOwner::wake_owners() {
  will_wake_ = false;
  for (size_t owner = 0; owner < to_wake_.size(); ++owner) {
    if (!to_wake_[owner]) continue;
    to_wake_[owner] = false;
    if (!owners_.mailbox(owner).request_wake()) continue;
    loops_[owner]->post([self = all_[owner]->self_] {
      if (*self != nullptr) (*self)->on_wake();
    });
  }
}

void KeyOwner::on_wake() {
  Mailbox& mailbox = owners_.mailbox(worker_);
  mailbox.begin_taking();
  Parcel parcel;
  GenerationBits generations = 0;
  for (size_t taken = 0; taken < kParcelsPerTurn; ++taken) {
    if (!mailbox.try_take(&parcel, &generations)) return;
    own(std::move(parcel), generations);
  }
  // The rest in a later turn.
  if (!mailbox.request_wake()) return;
  loop_.post([self = self_] {
    if (*self != nullptr) (*self)->on_wake();
  });
}

void KeyOwner::own(Parcel parcel, GenerationBits generations) {
  const std::vector<Books>& books = pipelines_[parcel.pipeline];
  for (size_t i = 0; i < books.size(); ++i) {
    books[i].book->take(*books[i].account, parcel.amount(),
                        static_cast<ledger::Generation>(generations >> i & 1));
  }
  parcel.memory = Reservation();
  auto completion = parcel.settles_when_owned ? std::move(parcel.completion) : nullptr;
  taker_.take(std::move(parcel));
  if (completion != nullptr) pipeline::Completion::settle(std::move(completion), loop_);
}

}  // namespace millrace::keyed_state
