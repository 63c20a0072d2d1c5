#include "daemon/run/drain_progress.h"

#include <gtest/gtest.h>

#include "ledger/book.h"

namespace millrace::daemon {
namespace {

TEST(DrainProgressTest, WhatHasNotLeftIsInside) {
  ledger::Ledger ledger;
  EXPECT_EQ(items_inside(ledger), 0u);
  ledger::Book book;
  ledger::Account& first = ledger.open(Signal::kTraces, "traces", "otlp");
  ledger::Account& second = ledger.open(Signal::kLogs, "logs", "otlp");
  book.admit(first, {100, 1000});
  ledger::StockBook(second).recover({10, 100});
  book.deliver(first, {60, 600});
  book.drop(first, ledger::DropReason::kRetryExpired, {5, 50});
  EXPECT_EQ(items_inside(ledger), 45u);
  book.filter(first, {35, 350});
  EXPECT_EQ(items_inside(ledger), 10u);
}

}  // namespace
}  // namespace millrace::daemon
