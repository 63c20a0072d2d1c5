#include "assembly/dead_letter_file.h"

#include <gtest/gtest.h>

#include <vector>

#include "dead_letter/record.h"
#include "io/sim/sim_file.h"

namespace millrace::assembly {
namespace {

using ledger::DropReason;

class DeadLetterFileTest : public testing::Test {
 protected:
  void open(config::DeadLetterConfig config) {
    config.path = "/out/dead.jsonl";
    auto writer = open_dead_letter_file(config, files_, [this] { return now_ += 1ms; });
    ASSERT_TRUE(writer) << writer.error().message;
    letters_ = std::make_unique<DeadLetterFile>(
        DeadLetterFile::Parts{.kind = "exporter",
                              .owner = "otlp_grpc/backup",
                              .includes_expired = config.include_expired,
                              .writer = *writer,
                              .wall_clock = [this] { return now_; },
                              .log = &log_,
                              .metrics = &metrics_});
  }
  void keep(DropReason reason, std::string_view bytes = "abc", uint64_t item_count = 3) {
    const Error answer{Code::kPermissionDenied, "no"};
    const Rope rope(Bytes::copy_of(bytes));
    letters_->keep({.reason = reason,
                    .signal = Signal::kTraces,
                    .destination = "otlp_grpc/backup",
                    .pipelines = {"traces"},
                    .item_count = item_count,
                    .answer = answer,
                    .bytes = rope,
                    .metadata = &metadata_});
  }
  std::vector<dead_letter::Record> records() {
    std::vector<dead_letter::Record> all;
    dead_letter::Parser parser;
    const std::string& text = *files_.files["/out/dead.jsonl"];
    for (size_t at = 0; at < text.size();) {
      const size_t end = text.find('\n', at);
      if (end != at) {
        auto record = parser.parse(Bytes::copy_of(text.substr(at, end - at)));
        EXPECT_TRUE(record) << record.error().message;
        if (record) all.push_back(*std::move(record));
      }
      at = end + 1;
    }
    return all;
  }
  uint64_t metric(std::string_view name) {
    return metrics_.counter(name, "", {{"exporter", "otlp_grpc/backup"}}).value();
  }

  io::sim::SimFileSystem files_;
  metrics::Registry metrics_;
  std::string logged_;
  Logger log_{{}, [this](std::string_view line) { logged_ += line; }, [] { return int64_t{0}; }};
  Metadata metadata_;
  WallTime now_{1h};
  std::unique_ptr<DeadLetterFile> letters_;
};

TEST_F(DeadLetterFileTest, ARecordSaysWhoRefusedWhatAndWhy) {
  metadata_.entries = {{"x-tenant", "red"}, {"authorization", "Bearer hunter2"}};
  open({});
  keep(DropReason::kRefused);
  const auto all = records();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].destination, "otlp_grpc/backup");
  EXPECT_EQ(all[0].reason, "refused");
  EXPECT_EQ(all[0].answer.code, Code::kPermissionDenied);
  EXPECT_EQ(all[0].pipelines, std::vector<std::string>{"traces"});
  EXPECT_EQ(all[0].request.to_bytes().text(), "abc");
  ASSERT_EQ(all[0].metadata.size(), 1u);
  EXPECT_EQ(all[0].metadata[0].name, "x-tenant");
  EXPECT_EQ(files_.files["/out/dead.jsonl"]->find("hunter2"), std::string::npos);
  EXPECT_EQ(metric("millrace_dead_letter_items"), 3u);
}

TEST_F(DeadLetterFileTest, OnlyWhatWasRefusedForGoodIsKept) {
  open({});
  for (size_t reason = 0; reason < ledger::kDropReasonCount; ++reason) {
    keep(static_cast<DropReason>(reason));
  }
  std::vector<std::string> reasons;
  for (const auto& record : records()) reasons.push_back(record.reason);
  EXPECT_EQ(reasons, (std::vector<std::string>{"refused", "bad_data", "too_large"}));
}

TEST_F(DeadLetterFileTest, WhatExpiredIsKeptWhenAskedFor) {
  open({.path = {}, .include_expired = true});
  for (size_t reason = 0; reason < ledger::kDropReasonCount; ++reason) {
    keep(static_cast<DropReason>(reason));
  }
  std::vector<std::string> reasons;
  for (const auto& record : records()) reasons.push_back(record.reason);
  EXPECT_EQ(reasons, (std::vector<std::string>{"retry_expired", "not_retried", "refused",
                                               "bad_data", "too_large"}));
}

TEST_F(DeadLetterFileTest, AFailedWriteIsCountedAndSaidAndTheNextOneIsWhole) {
  open({});
  keep(DropReason::kRefused, "first");
  files_.fail_from_call(1, io::sim::SimFileSystem::Failure::kShortWrite);
  keep(DropReason::kRefused, "second", 5);
  files_.heal();
  keep(DropReason::kRefused, "third");
  EXPECT_EQ(metric("millrace_dead_letter_items"), 6u);
  EXPECT_EQ(metric("millrace_dead_letter_failed_items"), 5u);
  EXPECT_NE(logged_.find("could not be written"), std::string::npos) << logged_;
  EXPECT_NE(logged_.find("lost_items=5"), std::string::npos) << logged_;
  const auto all = records();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[1].request.to_bytes().text(), "third");
}

TEST_F(DeadLetterFileTest, WhatAnEarlierProcessLeftTornHarmsNoNewRecord) {
  files_.files["/out/dead.jsonl"] =
      std::make_shared<std::string>(R"({"millrace_dead_letter":1,"time":"20)");
  open({});
  keep(DropReason::kRefused);
  const std::string& text = *files_.files["/out/dead.jsonl"];
  const size_t second = text.find('\n') + 1;
  dead_letter::Parser parser;
  EXPECT_TRUE(parser.parse(Bytes::copy_of(text.substr(second))));
}

TEST_F(DeadLetterFileTest, FilesTurnOverAndRemovedOnesAreCountedAndSaid) {
  open({.path = {}, .max_megabytes = 1, .max_backups = 2});
  const std::string large(700 << 10, 'x');  // a record of its own size in each file
  for (int i = 0; i < 5; ++i) keep(DropReason::kRefused, large);
  EXPECT_EQ(files_.files.size(), 3u);  // the file and two backups
  EXPECT_EQ(metric("millrace_dead_letter_removed_files"), 2u);
  EXPECT_NE(logged_.find("Old dead letters were removed"), std::string::npos) << logged_;
}

TEST_F(DeadLetterFileTest, AFileThatCannotBeOpenedIsAnErrorAtTheStart) {
  files_.fail_from_call(1);
  const auto writer =
      open_dead_letter_file({.path = "/out/dead"}, files_, [] { return WallTime{}; });
  EXPECT_FALSE(writer);
}

}  // namespace
}  // namespace millrace::assembly
