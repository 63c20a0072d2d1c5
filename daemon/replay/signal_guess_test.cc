#include "daemon/replay/signal_guess.h"

#include <gtest/gtest.h>

#include "otlp/example_requests.h"

namespace millrace::replay {
namespace {

TEST(SignalGuessTest, EverySignalIsGuessedFromItsBytes) {
  for (const Signal signal : kSignals) {
    EXPECT_EQ(guess_signal(otlp::example_request_with_everything(signal).view()), signal)
        << signal_name(signal);
    if (signal == Signal::kProfiles) continue;
    for (const uint32_t items : {1, 3, 50}) {
      EXPECT_EQ(guess_signal(otlp::example_request(signal, {.items = items}).view()), signal)
          << signal_name(signal) << " " << items;
    }
  }
}

TEST(SignalGuessTest, WithoutItemsTheSignalIsNotGuessed) {
  EXPECT_EQ(guess_signal({}), std::nullopt);
  const uint8_t resource[] = {0x0A, 0x02, 0x0A, 0x00};  // one empty resource
  EXPECT_EQ(guess_signal(resource), std::nullopt);
}

}  // namespace
}  // namespace millrace::replay
