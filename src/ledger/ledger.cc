#include "ledger/ledger.h"

#include <utility>

namespace millrace::ledger {

std::string_view drop_reason_name(DropReason reason) {
  constexpr std::array<std::string_view, kDropReasonCount> kNames = {
      "queue_full",     "drop_oldest",    "retry_expired", "not_retried",
      "age_expired",    "refused",        "bad_data",      "too_large",
      "drain_deadline", "storage_failed", "shutdown",      "handed_back"};
  return kNames[static_cast<size_t>(reason)];
}

Amount AccountSnapshot::dropped_total() const {
  Amount total;
  for (const Amount& amount : dropped) total += amount;
  return total;
}

Amount AccountSnapshot::left() const {
  return delivered + filtered + sampled_out + rejected_by_peer + dropped_total();
}

AccountSnapshot& AccountSnapshot::operator+=(const AccountSnapshot& other) {
  admitted += other.admitted;
  recovered += other.recovered;
  delivered += other.delivered;
  filtered += other.filtered;
  sampled_out += other.sampled_out;
  rejected_by_peer += other.rejected_by_peer;
  for (size_t i = 0; i < kDropReasonCount; ++i) dropped[i] += other.dropped[i];
  return *this;
}

Account::Account(Signal signal, std::string pipeline, std::string destination)
    : signal_(signal), pipeline_(std::move(pipeline)), destination_(std::move(destination)) {}

AccountSnapshot Account::snapshot() const {
  AccountSnapshot snapshot;
  // What left is read before what entered, so that a snapshot taken on the way never shows more
  // leaving than entering.
  snapshot.delivered = delivered_.read();
  snapshot.filtered = filtered_.read();
  snapshot.sampled_out = sampled_out_.read();
  snapshot.rejected_by_peer = rejected_by_peer_.read();
  for (size_t i = 0; i < kDropReasonCount; ++i) snapshot.dropped[i] = dropped_[i].read();
  snapshot.recovered = recovered_.read();
  snapshot.admitted = admitted_.read();
  return snapshot;
}

void Held::find(const Account& account) {
  for (last_ = 0; last_ < by_account_.size(); ++last_) {
    if (by_account_[last_].first == &account) return;
  }
  by_account_.emplace_back(&account, Amount{});
}

Amount Held::of(const Account& account) const {
  for (const auto& [known, amount] : by_account_) {
    if (known == &account) return amount;
  }
  return {};
}

Amount Held::total() const {
  Amount total;
  for (const auto& [account, amount] : by_account_) total += amount;
  return total;
}

std::string Imbalance::to_text() const {
  return std::string(signal_name(account->signal())) + " " + account->pipeline() + " -> " +
         account->destination() + ": " + std::to_string(items) + " items and " +
         std::to_string(bytes) + " bytes unaccounted for";
}

Account& Ledger::open(Signal signal, std::string_view pipeline, std::string_view destination) {
  const MutexLock lock(mutex_);
  for (const auto& account : accounts_) {
    if (account->signal() == signal && account->pipeline() == pipeline &&
        account->destination() == destination) {
      return *account;
    }
  }
  accounts_.push_back(
      std::make_unique<Account>(signal, std::string(pipeline), std::string(destination)));
  return *accounts_.back();
}

Refusals& Ledger::open_receiver(Signal signal, std::string_view receiver) {
  const MutexLock lock(mutex_);
  for (const auto& known : receivers_) {
    if (known->signal() == signal && known->receiver() == receiver) return *known;
  }
  receivers_.push_back(std::make_unique<Refusals>(signal, std::string(receiver)));
  return *receivers_.back();
}

std::vector<const Account*> Ledger::accounts() const {
  const MutexLock lock(mutex_);
  std::vector<const Account*> all;
  for (const auto& account : accounts_) all.push_back(account.get());
  return all;
}

std::vector<const Refusals*> Ledger::receivers() const {
  const MutexLock lock(mutex_);
  std::vector<const Refusals*> all;
  for (const auto& receiver : receivers_) all.push_back(receiver.get());
  return all;
}

std::vector<Imbalance> Ledger::check(const Held& held) const {
  std::vector<Imbalance> wrong;
  for (const Account* account : accounts()) {
    const AccountSnapshot snapshot = account->snapshot();
    const Amount entered = snapshot.entered();
    const Amount gone = snapshot.left() + held.of(*account);
    if (entered == gone) continue;
    wrong.push_back({account, static_cast<int64_t>(entered.items - gone.items),
                     static_cast<int64_t>(entered.bytes - gone.bytes)});
  }
  return wrong;
}

std::string Ledger::to_line(const Held& held) const {
  AccountSnapshot sum;
  for (const Account* account : accounts()) sum += account->snapshot();
  uint64_t refused = 0;
  for (const Refusals* receiver : receivers()) refused += receiver->refused();
  std::string line = "ledger:";
  const auto say = [&](std::string_view name, uint64_t items) {
    line.append(" ").append(name).append("=").append(std::to_string(items));
  };
  say("admitted", sum.admitted.items);
  if (sum.recovered.items != 0) say("recovered", sum.recovered.items);
  say("delivered", sum.delivered.items);
  say("filtered", sum.filtered.items);
  say("sampled_out", sum.sampled_out.items);
  say("rejected_by_peer", sum.rejected_by_peer.items);
  say("dropped", sum.dropped_total().items);
  std::string reasons;
  for (size_t i = 0; i < kDropReasonCount; ++i) {
    if (sum.dropped[i].items == 0) continue;
    reasons += reasons.empty() ? "" : " ";
    reasons += drop_reason_name(static_cast<DropReason>(i));
    reasons += "=" + std::to_string(sum.dropped[i].items);
  }
  if (!reasons.empty()) line += " (" + reasons + ")";
  say("held", held.total().items);
  say("refused", refused);
  const std::vector<Imbalance> wrong = check(held);
  line += wrong.empty() ? " balance=ok" : " balance=broken";
  for (const Imbalance& imbalance : wrong) line += " [" + imbalance.to_text() + "]";
  return line;
}

}  // namespace millrace::ledger
