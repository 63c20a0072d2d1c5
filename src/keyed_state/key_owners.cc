#include "keyed_state/key_owners.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/check.h"
#include "ledger/book.h"

namespace millrace::keyed_state {
namespace {

__extension__ typedef unsigned __int128 Wide;

uint64_t mixed(uint64_t a, uint64_t b) {
  const auto product = static_cast<Wide>(a) * b;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

}  // namespace

// Multiply and fold, eight bytes at a time.
uint64_t hash_of(std::span<const uint8_t> key, uint64_t seed) {
  constexpr uint64_t kOdd = 0x9E3779B97F4A7C15;
  uint64_t hash = mixed(seed ^ kOdd, key.size() ^ 0xD6E8FEB86659FD93);
  while (!key.empty()) {
    uint64_t word = 0;
    const size_t size = std::min<size_t>(8, key.size());
    std::memcpy(&word, key.data(), size);
    hash = mixed(hash ^ word ^ seed, kOdd);
    key = key.subspan(size);
  }
  return mixed(hash, hash ^ kOdd);
}

KeyOwners::KeyOwners(size_t worker_count, MailboxLimits limits, uint64_t seed, Budget& budget)
    : seed_(seed), budget_(budget) {
  MILLRACE_CHECK(worker_count >= 1);
  size_t place_bytes = 0;
  for (size_t i = 0; i < worker_count; ++i) {
    mailboxes_.push_back(std::make_unique<Mailbox>(limits));
    place_bytes += mailboxes_.back()->place_count() * Mailbox::place_bytes();
  }
  places_ = Reservation::make_beyond(budget, MemoryTerm::kKeyedState, place_bytes);
}

// The workers are gone; what none of them took is dropped here.
KeyOwners::~KeyOwners() {
  ledger::Book book;
  for (const auto& mailbox : mailboxes_) {
    Parcel parcel;
    GenerationBits generations = 0;
    while (mailbox->try_take(&parcel, &generations)) {
      const std::vector<ledger::Account*>& accounts = pipelines_[parcel.pipeline];
      for (size_t i = 0; i < accounts.size(); ++i) {
        book.take(*accounts[i], parcel.amount(),
                  static_cast<ledger::Generation>(generations >> i & 1));
        book.drop(*accounts[i], ledger::DropReason::kShutdown, parcel.amount());
      }
    }
  }
}

uint32_t KeyOwners::add_pipeline(std::vector<ledger::Account*> accounts) {
  MILLRACE_CHECK(accounts.size() <= kDestinationsMax);
  pipelines_.push_back(std::move(accounts));
  return static_cast<uint32_t>(pipelines_.size() - 1);
}

bool KeyOwners::is_empty() const {
  return std::ranges::all_of(mailboxes_, [](const auto& mailbox) { return mailbox->is_empty(); });
}

void KeyOwners::count_held(ledger::Held& held) const {
  walk([&](const ledger::Account& account, ledger::Generation, ledger::Amount amount) {
    held.add(account, amount);
  });
}

}  // namespace millrace::keyed_state
