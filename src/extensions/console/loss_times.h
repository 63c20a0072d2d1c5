// When items were lost: for each account and reason, when its count first and last grew. Exact to
// the time between two looks. One entry for each account that lost something. On the console's
// loop.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <tuple>

#include "extensions/console/source.h"
#include "ledger/ledger.h"

namespace millrace::extensions::console {

class LossTimes {
 public:
  // The reasons to drop, and behind them the refusal by the peer.
  static constexpr size_t kRejectedByPeer = ledger::kDropReasonCount;
  static constexpr size_t kReasonCount = ledger::kDropReasonCount + 1;
  static uint64_t items_of(const AccountState& account, size_t reason);

  struct Times {
    WallTime first_at;
    WallTime last_at;
  };
  // Takes what the accounts lost since the look before.
  void look(const State& state);
  // Nothing: no look has seen such a loss.
  std::optional<Times> of(const AccountState& account, size_t reason) const;

 private:
  using Key = std::tuple<Signal, std::string, std::string>;  // pipeline, destination
  static Key key_of(const AccountState& account);
  struct Loss {
    uint64_t items = 0;
    Times times;
  };
  std::map<Key, std::array<Loss, kReasonCount>> losses_;
};

}  // namespace millrace::extensions::console
