// Several workers that own keys, for tests: each counts what it takes. The loops are the test's.
#pragma once

#include <gtest/gtest.h>

#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "keyed_state/key_owner.h"
#include "keyed_state/key_owners.h"

namespace millrace::keyed_state::testing {

inline std::vector<uint8_t> key_bytes(uint64_t key) {
  std::vector<uint8_t> bytes(sizeof key);
  std::memcpy(bytes.data(), &key, sizeof key);
  return bytes;
}

class Worker final : public ParcelTaker {
 public:
  Worker(KeyOwners& owners, const std::vector<io::Loop*>& loops, size_t index,
         std::vector<ledger::Account*> accounts)
      : side(owners, loops, index, *this), accounts_(std::move(accounts)), books(accounts_.size()) {
    std::vector<KeyOwner::Books> given;
    for (size_t i = 0; i < accounts_.size(); ++i) given.push_back({&books[i], accounts_[i]});
    side.add_pipeline(std::move(given));
  }

  // The request of a sender: its items enter the books here, unless an owner has no room.
  Status submit(std::vector<KeyOwner::Outgoing> parcels) {
    ledger::Amount whole;
    for (const auto& outgoing : parcels) whole += outgoing.parcel.amount();
    for (size_t i = 0; i < accounts_.size(); ++i) books[i].admit(*accounts_[i], whole);
    Status given = side.hand_over(std::move(parcels));
    if (given) return given;
    // Refused: it has not entered. A book cannot take an admission back, so it ends as dropped.
    for (size_t i = 0; i < accounts_.size(); ++i) {
      books[i].drop(*accounts_[i], ledger::DropReason::kRefused, whole);
    }
    return given;
  }
  void take(Parcel parcel) override {
    held += parcel.amount();
    if (on_parcel) on_parcel(std::move(parcel));
  }
  // The decision about everything that is held.
  void sample_out_all() {
    for (size_t i = 0; i < accounts_.size(); ++i) books[i].sample_out(*accounts_[i], held);
    held = {};
  }
  void count_held(ledger::Held& into) const {
    for (const ledger::Account* account : accounts_) into.add(*account, held);
  }

  KeyOwner side;

 private:
  std::vector<ledger::Account*> accounts_;

 public:
  std::vector<ledger::Book> books;  // one for each destination
  ledger::Amount held;
  std::function<void(Parcel)> on_parcel;
};

struct Workers {
  Workers(std::vector<io::Loop*> loops, Budget& budget, ledger::Ledger& ledger,
          MailboxLimits limits = {}, size_t destinations = 2, uint64_t seed = 7)
      : owners(loops.size(), limits, seed, budget) {
    std::vector<ledger::Account*> accounts;
    for (size_t i = 0; i < destinations; ++i) {
      accounts.push_back(&ledger.open(Signal::kTraces, "traces", "sink" + std::to_string(i)));
    }
    owners.add_pipeline(accounts);
    std::vector<KeyOwner*> sides;
    for (size_t i = 0; i < loops.size(); ++i) {
      all.push_back(std::make_unique<Worker>(owners, loops, i, accounts));
      sides.push_back(&all.back()->side);
    }
    for (const auto& worker : all) worker->side.connect(sides);
  }
  Worker& operator[](size_t index) { return *all[index]; }
  // Exact when nothing moves.
  ledger::Held held() const {
    ledger::Held held;
    owners.count_held(held);
    for (const auto& worker : all) worker->count_held(held);
    return held;
  }

  KeyOwners owners;
  std::vector<std::unique_ptr<Worker>> all;
};

inline Parcel parcel_of(uint32_t item_count, std::string_view bytes) {
  Parcel parcel;
  parcel.item_count = item_count;
  parcel.admitted_bytes = static_cast<uint32_t>(bytes.size());
  parcel.bytes = Rope(Bytes::copy_of(bytes));
  return parcel;
}

}  // namespace millrace::keyed_state::testing
