#include "daemon/run/process_output.h"

#include <gtest/gtest.h>

namespace millrace::daemon {
namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;

TEST(ProcessOutputTest, TheLedgersLineHasNamedNumbers) {
  EXPECT_EQ(ledger_fields("ledger: admitted=5 dropped=3 (retry_expired=1 queue_full=2) held=0 "
                          "refused=7 balance=ok"),
            (Fields{{"admitted", "5"},
                    {"dropped", "3"},
                    {"dropped_retry_expired", "1"},
                    {"dropped_queue_full", "2"},
                    {"held", "0"},
                    {"refused", "7"},
                    {"balance", "ok"}}));
  EXPECT_EQ(ledger_fields("ledger: held=1 balance=broken [traces a -> b: 1 items] [x]"),
            (Fields{{"held", "1"}, {"balance", "broken [traces a -> b: 1 items] [x]"}}));
  EXPECT_TRUE(ledger_fields("").empty());
  EXPECT_TRUE(ledger_fields("ledger:").empty());
}

}  // namespace
}  // namespace millrace::daemon
