// Batches, statistics and the results of exporters as a C program reads and writes them.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "c_interface/handles.h"
#include "c_interface/timeouts.h"
#include "millrace/millrace.h"

namespace millrace::c_interface {
namespace {

using namespace std::chrono_literals;

class TwoPieces final : public v1::Batch {
 public:
  v1::Signal signal() const noexcept override { return v1::Signal::kLogs; }
  uint32_t item_count() const noexcept override { return 7; }
  size_t byte_count() const noexcept override { return 5; }
  std::span<const std::span<const uint8_t>> pieces() const noexcept override { return pieces_; }

 private:
  const std::array<uint8_t, 5> bytes_ = {'a', 'b', 'c', 'd', 'e'};
  const std::array<std::span<const uint8_t>, 2> pieces_ = {std::span(bytes_).first(2),
                                                           std::span(bytes_).subspan(2)};
};

std::string text(millrace_text piece) { return {piece.data, piece.size}; }

TEST(BatchTest, ABatchIsReadAsItIs) {
  const millrace_batch batch{std::make_shared<TwoPieces>()};
  EXPECT_EQ(millrace_batch_signal(&batch), MILLRACE_LOGS);
  EXPECT_EQ(millrace_batch_item_count(&batch), 7u);
  EXPECT_EQ(millrace_batch_byte_count(&batch), 5u);
  ASSERT_EQ(millrace_batch_piece_count(&batch), 2u);
  EXPECT_EQ(text(millrace_batch_piece(&batch, 0)), "ab");
  EXPECT_EQ(text(millrace_batch_piece(&batch, 1)), "cde");
  EXPECT_EQ(millrace_batch_piece(&batch, 2).data, nullptr);
  EXPECT_EQ(millrace_batch_piece(&batch, 2).size, 0u);
}

TEST(BatchTest, ACopyStopsAtTheEndOfItsRoom) {
  const millrace_batch batch{std::make_shared<TwoPieces>()};
  const std::string whole = "abcde";
  for (size_t size = 0; size <= 8; ++size) {
    std::vector<char> room(size + 1, '#');
    const size_t copied = millrace_batch_copy(&batch, room.data(), size);
    EXPECT_EQ(copied, std::min<size_t>(size, 5));
    EXPECT_EQ(std::string(room.data(), size + 1),
              whole.substr(0, copied) + std::string(size + 1 - copied, '#'));
  }
  EXPECT_EQ(millrace_batch_copy(&batch, nullptr, 5), 0u);
}

TEST(BatchTest, AKeptBatchOutlivesItsSource) {
  auto batch = std::make_unique<millrace_batch>(millrace_batch{std::make_shared<TwoPieces>()});
  millrace_batch* kept = millrace_batch_keep(batch.get());
  batch.reset();
  ASSERT_NE(kept, nullptr);
  EXPECT_EQ(text(millrace_batch_piece(kept, 1)), "cde");
  millrace_batch_release(kept);
}

TEST(BatchTest, NullIsAnEmptyBatch) {
  char room[4] = {};
  EXPECT_EQ(millrace_batch_signal(nullptr), MILLRACE_TRACES);
  EXPECT_EQ(millrace_batch_item_count(nullptr), 0u);
  EXPECT_EQ(millrace_batch_byte_count(nullptr), 0u);
  EXPECT_EQ(millrace_batch_piece_count(nullptr), 0u);
  EXPECT_EQ(millrace_batch_piece(nullptr, 0).data, nullptr);
  EXPECT_EQ(millrace_batch_copy(nullptr, room, sizeof room), 0u);
  EXPECT_EQ(millrace_batch_keep(nullptr), nullptr);
}

// An exporter in C that gives a prepared answer and notes the time that it was allowed.
struct Prepared {
  millrace_export_kind kind = MILLRACE_EXPORT_DELIVERED;
  millrace_export_outcome outcome = {};
  uint64_t timeout_ms = 0;
  int shutdowns = 0;
  int destroyed = 0;
};
millrace_export_kind answer(void* context, const millrace_batch*, uint64_t timeout_ms,
                            millrace_export_outcome* outcome) {
  auto* prepared = static_cast<Prepared*>(context);
  prepared->timeout_ms = timeout_ms;
  outcome->rejected_count = prepared->outcome.rejected_count;
  outcome->retry_after_ms = prepared->outcome.retry_after_ms;
  std::memcpy(outcome->message, prepared->outcome.message, sizeof outcome->message);
  return prepared->kind;
}
void count_shutdown(void* context) { ++static_cast<Prepared*>(context)->shutdowns; }
void count_destroy(void* context) { ++static_cast<Prepared*>(context)->destroyed; }

std::shared_ptr<v1::Exporter> exporter_of(Prepared& prepared, const char* name = "mine") {
  std::unique_ptr<millrace_config, decltype(&millrace_config_free)> config(millrace_config_new(),
                                                                           millrace_config_free);
  millrace_exporter functions = {};
  functions.struct_size = sizeof functions;
  functions.name = name;
  functions.context = &prepared;
  functions.export_batch = answer;
  functions.shutdown = count_shutdown;
  functions.destroy = count_destroy;
  EXPECT_EQ(millrace_config_add_exporter(config.get(), &functions), MILLRACE_OK);
  return config->config.exporters.back();
}

v1::ExportResult export_with(v1::Exporter& exporter, std::chrono::nanoseconds time_left) {
  return exporter.export_batch(std::make_shared<TwoPieces>(),
                               std::chrono::steady_clock::now() + time_left);
}

TEST(ExporterTest, TheOutcomeIsPassedOnWhole) {
  Prepared prepared;
  prepared.kind = MILLRACE_EXPORT_RETRY;
  prepared.outcome.rejected_count = 3;
  prepared.outcome.retry_after_ms = 4;
  std::memset(prepared.outcome.message, 'x', sizeof prepared.outcome.message);  // no null byte
  const auto result = export_with(*exporter_of(prepared), 1h);
  EXPECT_EQ(result.kind, v1::ExportResult::Kind::kRetry);
  EXPECT_EQ(result.rejected_count, 3u);
  EXPECT_EQ(result.retry_after_ms, 4u);
  EXPECT_EQ(result.message, std::string(256, 'x'));
}

TEST(ExporterTest, ANumberOutsideTheEnumerationMeansRetry) {
  using Kind = v1::ExportResult::Kind;
  const std::array kinds = {Kind::kDelivered, Kind::kRetry, Kind::kRefused, Kind::kRetry};
  for (size_t number = 0; number < kinds.size(); ++number) {
    Prepared prepared;
    prepared.kind = static_cast<millrace_export_kind>(number);
    EXPECT_EQ(export_with(*exporter_of(prepared), 1h).kind, kinds[number]) << number;
  }
}

TEST(ExporterTest, TheTimeoutIsWhatIsLeftAndNeverNegative) {
  Prepared prepared;
  const auto exporter = exporter_of(prepared);
  export_with(*exporter, 1h);
  EXPECT_GT(prepared.timeout_ms, 3'000'000u);
  EXPECT_LE(prepared.timeout_ms, 3'600'000u);
  export_with(*exporter, -1h);
  EXPECT_EQ(prepared.timeout_ms, 0u);
}

TEST(ExporterTest, NamesAndEndsAreTheProgramsOwn) {
  Prepared prepared;
  auto exporter = exporter_of(prepared);
  EXPECT_EQ(exporter->name(), "mine");
  exporter->shutdown();
  EXPECT_EQ(prepared.shutdowns, 1);
  EXPECT_EQ(prepared.destroyed, 0);
  exporter.reset();
  EXPECT_EQ(prepared.destroyed, 1);
  EXPECT_EQ(exporter_of(prepared, nullptr)->name(), "custom");
}

v1::Statistics numbered_statistics() {
  v1::Statistics from;
  from.signals[1] = {.collected = 1,
                     .refused_buffer_full = 2,
                     .refused_shut_down = 3,
                     .refused_too_large = 4,
                     .dropped_in_buffer = {},
                     .buffered = 5};
  from.signals[1].dropped_in_buffer[11] = 6;
  v1::DestinationStatistics to;
  to.name = "otlp_grpc/1";
  to.signal = v1::Signal::kMetrics;
  to.recovered = 11;
  to.delivered = 12;
  to.rejected_by_peer = 13;
  to.filtered = 14;
  to.dropped[0] = 15;
  to.dropped[11] = 16;
  to.queued = 17;
  to.retries = 18;
  to.last_error = "refused";
  from.destinations = {{}, to};
  from.repaired_texts = 21;
  from.corrected_times = 22;
  from.truncated_values = 23;
  from.skipped_attributes = 24;
  from.exporter_exceptions = 25;
  from.buffer_bytes = 26;
  from.thread_count = 27;
  return from;
}

TEST(StatisticsTest, EveryCountIsCopiedToItsField) {
  const millrace_statistics statistics{numbered_statistics()};
  millrace_signal_statistics of_metrics = {};
  of_metrics.struct_size = sizeof of_metrics;
  ASSERT_EQ(millrace_statistics_signal(&statistics, MILLRACE_METRICS, &of_metrics), MILLRACE_OK);
  EXPECT_EQ(of_metrics.collected, 1u);
  EXPECT_EQ(of_metrics.refused_buffer_full, 2u);
  EXPECT_EQ(of_metrics.refused_shut_down, 3u);
  EXPECT_EQ(of_metrics.refused_too_large, 4u);
  EXPECT_EQ(of_metrics.buffered, 5u);
  EXPECT_EQ(of_metrics.dropped_in_buffer[11], 6u);

  ASSERT_EQ(millrace_statistics_destination_count(&statistics), 2u);
  millrace_destination_statistics second = {};
  second.struct_size = sizeof second;
  ASSERT_EQ(millrace_statistics_destination(&statistics, 1, &second), MILLRACE_OK);
  EXPECT_STREQ(second.name, "otlp_grpc/1");
  EXPECT_STREQ(second.last_error, "refused");
  EXPECT_EQ(second.signal, MILLRACE_METRICS);
  EXPECT_EQ(second.recovered, 11u);
  EXPECT_EQ(second.delivered, 12u);
  EXPECT_EQ(second.rejected_by_peer, 13u);
  EXPECT_EQ(second.filtered, 14u);
  EXPECT_EQ(second.dropped[0], 15u);
  EXPECT_EQ(second.dropped[11], 16u);
  EXPECT_EQ(second.queued, 17u);
  EXPECT_EQ(second.retries, 18u);
}

TEST(StatisticsTest, TotalsAreTheSumsOfTheCppInterface) {
  const v1::Statistics from = numbered_statistics();
  const millrace_statistics statistics{from};
  millrace_totals totals = {};
  totals.struct_size = sizeof totals;
  ASSERT_EQ(millrace_statistics_totals(&statistics, &totals), MILLRACE_OK);
  EXPECT_EQ(totals.collected, from.collected());
  EXPECT_EQ(totals.refused, from.refused());
  EXPECT_EQ(totals.exported, from.exported());
  EXPECT_EQ(totals.failed, from.failed());
  EXPECT_EQ(totals.queued, from.queued());
  for (size_t i = 0; i < v1::kDropReasonCount; ++i) {
    EXPECT_EQ(totals.dropped[i], from.dropped(static_cast<v1::DropReason>(i))) << i;
  }
  EXPECT_EQ(totals.dropped[11], 22u);
  EXPECT_EQ(totals.repaired_texts, 21u);
  EXPECT_EQ(totals.corrected_times, 22u);
  EXPECT_EQ(totals.truncated_values, 23u);
  EXPECT_EQ(totals.skipped_attributes, 24u);
  EXPECT_EQ(totals.exporter_exceptions, 25u);
  EXPECT_EQ(totals.buffer_bytes, 26u);
  EXPECT_EQ(totals.thread_count, 27u);
  EXPECT_EQ(totals.balances, 0);
}

TEST(StatisticsTest, WrongArgumentsAreRefused) {
  const millrace_statistics statistics{numbered_statistics()};
  millrace_signal_statistics counts = {};
  counts.struct_size = sizeof counts;
  const auto behind = static_cast<millrace_signal>(MILLRACE_LOGS + 1);
  EXPECT_EQ(millrace_statistics_signal(&statistics, MILLRACE_LOGS, &counts), MILLRACE_OK);
  EXPECT_EQ(millrace_statistics_signal(&statistics, behind, &counts), MILLRACE_INVALID_ARGUMENT);
  EXPECT_EQ(millrace_statistics_signal(nullptr, MILLRACE_LOGS, &counts), MILLRACE_INVALID_ARGUMENT);
  EXPECT_EQ(millrace_statistics_signal(&statistics, MILLRACE_LOGS, nullptr),
            MILLRACE_INVALID_ARGUMENT);
  millrace_destination_statistics to = {};
  to.struct_size = sizeof to;
  EXPECT_EQ(millrace_statistics_destination(&statistics, 2, &to), MILLRACE_INVALID_ARGUMENT);
  EXPECT_EQ(millrace_statistics_destination(&statistics, 0, nullptr), MILLRACE_INVALID_ARGUMENT);
  EXPECT_EQ(millrace_statistics_totals(&statistics, nullptr), MILLRACE_INVALID_ARGUMENT);
  EXPECT_EQ(millrace_statistics_totals(nullptr, nullptr), MILLRACE_INVALID_ARGUMENT);
  EXPECT_EQ(millrace_processor_statistics(nullptr), nullptr);
}

TEST(StatisticsTest, NamesOfReasonsEndWithTheLastOne) {
  EXPECT_STREQ(millrace_drop_reason_name(MILLRACE_DROP_HANDED_BACK), "handed_back");
  const auto behind = static_cast<millrace_drop_reason>(MILLRACE_DROP_HANDED_BACK + 1);
  EXPECT_STREQ(millrace_drop_reason_name(behind), "unknown");
  EXPECT_STRNE(millrace_code_name(MILLRACE_UNIMPLEMENTED), "UNKNOWN");
  const auto code_behind = static_cast<millrace_code>(MILLRACE_UNIMPLEMENTED + 1);
  EXPECT_STREQ(millrace_code_name(code_behind), "UNKNOWN");
}

TEST(TimeoutTest, LongTimesBecomeAYear) {
  EXPECT_EQ(timeout_of(0), 0ns);
  EXPECT_EQ(timeout_of(1500), 1500ms);
  EXPECT_EQ(timeout_of(std::numeric_limits<uint64_t>::max()), 24h * 366);
}

// Callers of another version have shorter or longer structures.
TEST(StructTest, AStructureIsCopiedAsFarAsBothSidesKnowIt) {
  struct Known {
    size_t struct_size;
    uint64_t first;
    uint64_t second;
  };
  Known to = {};
  EXPECT_FALSE(read_struct<Known>(nullptr, sizeof(size_t), to));
  const Known full = {sizeof(Known), 1, 2};
  ASSERT_TRUE(read_struct(&full, sizeof(Known), to));
  EXPECT_EQ(to.second, 2u);
  Known older = {offsetof(Known, second), 1, 2};
  EXPECT_FALSE(read_struct(&older, sizeof(Known), to));
  ASSERT_TRUE(read_struct(&older, offsetof(Known, second), to));
  EXPECT_EQ(to.struct_size, sizeof(Known));
  EXPECT_EQ(to.first, 1u);
  EXPECT_EQ(to.second, 0u);

  EXPECT_EQ(write_struct(full, &older), MILLRACE_OK);
  EXPECT_EQ(older.struct_size, offsetof(Known, second));
  older = {sizeof(size_t), 7, 7};
  EXPECT_EQ(write_struct(full, &older), MILLRACE_OK);
  EXPECT_EQ(older.first, 7u);
  older.struct_size = sizeof(size_t) - 1;
  EXPECT_EQ(write_struct(full, &older), MILLRACE_INVALID_ARGUMENT);
}

}  // namespace
}  // namespace millrace::c_interface
