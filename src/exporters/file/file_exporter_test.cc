#include "exporters/file/file_exporter.h"

#include <gtest/gtest.h>

#include "compress/decompressor.h"
#include "io/sim/sim_file.h"
#include "io/sim/world.h"
#include "otlp/example_requests.h"
#include "otlp/json/decode.h"
#include "otlp/json/encode.h"
#include "wire/writer.h"

namespace millrace::exporters {
namespace {

using pipeline::Batch;
using pipeline::Outcome;

class FileExporterTest : public testing::Test {
 protected:
  void start(FileOptions options) {
    options.path = "/out/a";
    auto writer = make_file_writer(options, files_, [] { return WallTime{}; });
    ASSERT_TRUE(writer);
    writer_ = *writer;
    exporter_ = make_file_exporter(options, writer_, *loop_, budget_, long_work_);
  }
  // A log record whose JSON is six times as long.
  static Bytes control_characters(size_t size) {
    wire::Writer writer;
    std::vector<wire::Writer::Nested> open;
    for (const uint32_t field : {1, 2, 2, 5}) open.push_back(writer.open(field));
    writer.string_field(1, std::string(size, '\x01'));
    for (; !open.empty(); open.pop_back()) writer.close(open.back());
    return writer.finish();
  }
  Outcome send(Signal signal, const Bytes& request) {
    Outcome outcome;
    bool done = false;
    loop_->post([&] {
      exporter_->send_batch(
          {.signal = signal, .item_count = 3, .bytes = Rope(request), .metadata = nullptr}, kNever,
          [&](Outcome answer) {
            outcome = std::move(answer);
            done = true;
          });
      EXPECT_FALSE(done);
    });
    EXPECT_TRUE(world_.run_until([&] { return done; }, 1s));
    return outcome;
  }
  std::string content() { return *files_.files.at("/out/a"); }
  // The records behind their lengths.
  std::vector<std::string> framed() {
    std::vector<std::string> records;
    std::string text = content();
    while (text.size() >= 4) {
      size_t size = 0;
      for (int i = 0; i < 4; ++i)
        size = size << 8 | static_cast<uint8_t>(text[static_cast<size_t>(i)]);
      records.push_back(text.substr(4, size));
      text.erase(0, 4 + size);
    }
    EXPECT_EQ(text, "");
    return records;
  }
  io::sim::World world_{1};
  std::unique_ptr<io::Loop> loop_ = world_.make_loop("worker");
  Budget budget_{size_t{8} << 20};
  ChunkPool pool_{budget_, 0};
  MonotonicTime looked_at_{};
  // Each look at the clock is a tenth of a slice later.
  io::LongWork long_work_{*loop_, pool_, {.clock = [this] { return looked_at_ += 100us; }}};
  io::sim::SimFileSystem files_;
  std::shared_ptr<FileWriter> writer_;
  std::unique_ptr<pipeline::Exporter> exporter_;
};

TEST_F(FileExporterTest, JsonIsOneLineForEachBatchAndReadsBackTheSame) {
  start({});
  Budget budget(64 << 20);
  ChunkPool pool(budget, 1);
  otlp::json::Decoder decoder;
  std::string expected;
  for (const Signal signal : {Signal::kTraces, Signal::kMetrics, Signal::kLogs}) {
    const Bytes request = otlp::example_request(signal, {.items = 3});
    EXPECT_EQ(send(signal, request).kind, Outcome::Kind::kDelivered);
    const std::string line = content().substr(expected.size());
    ASSERT_EQ(line.find('\n'), line.size() - 1);
    const auto again = decoder.decode_request(signal, Bytes::copy_of(line), pool, 1 << 20);
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_TRUE(again->text() == request.text());
    expected += line;
  }
}

TEST_F(FileExporterTest, ProtoIsALengthAndTheBytesAsTheyCame) {
  start({.path = "", .format = FileFormat::kProto});
  const Bytes one = otlp::example_request_with_everything(Signal::kTraces);
  const Bytes two = otlp::example_request(Signal::kLogs, {});
  send(Signal::kTraces, one);
  send(Signal::kLogs, two);
  EXPECT_TRUE(framed() == (std::vector{std::string(one.text()), std::string(two.text())}));
}

TEST_F(FileExporterTest, CompressedRecordsAreFramedInEitherFormat) {
  const Bytes request = otlp::example_request(Signal::kLogs, {.items = 50});
  for (const FileFormat format : {FileFormat::kProto, FileFormat::kJson}) {
    start({.path = "", .format = format, .zstd = true});
    send(Signal::kLogs, request);
    Budget budget(64 << 20);
    ChunkPool pool(budget, 1);
    ASSERT_EQ(framed().size(), 1u);
    const auto plain = compress::Decompressor().decompress(compress::Coding::kZstd,
                                                           as_span(framed()[0]), pool, 1 << 20);
    ASSERT_TRUE(plain);
    std::string json;
    ASSERT_TRUE(otlp::json::encode_request(Signal::kLogs, request.view(), &json));
    EXPECT_TRUE(plain->text() == (format == FileFormat::kJson ? json : request.text()));
  }
}

TEST_F(FileExporterTest, FullDiskIsWorthAnotherAttempt) {
  start({});
  const Bytes request = otlp::example_request(Signal::kLogs, {});
  files_.fail_from_call(1);
  const Outcome failed = send(Signal::kLogs, request);
  EXPECT_EQ(failed.kind, Outcome::Kind::kRetry);
  EXPECT_EQ(failed.error.message, "writing: No space left on device");
  EXPECT_EQ(exporter_->describe(), "writing: No space left on device");
  files_.heal();
  EXPECT_EQ(send(Signal::kLogs, request).kind, Outcome::Kind::kDelivered);
  EXPECT_EQ(exporter_->describe(), "writing to /out/a");
  const std::string text = content();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1);
}

TEST_F(FileExporterTest, ClosedExporterWritesNothing) {
  start({});
  exporter_->close();
  EXPECT_EQ(send(Signal::kLogs, otlp::example_request(Signal::kLogs, {})).kind,
            Outcome::Kind::kCancelled);
  EXPECT_EQ(content(), "");
}

TEST_F(FileExporterTest, FileThatCannotBeOpenedIsFoundAtTheStart) {
  files_.fail_from_call(1);
  FileOptions options;
  options.path = "/out/a";
  const auto writer = make_file_writer(options, files_, [] { return WallTime{}; });
  ASSERT_FALSE(writer);
  EXPECT_EQ(writer.error().message, "opening /out/a: No space left on device");
}

// Built whole it was twelve times the batch, outside the budget and in one turn.
TEST_F(FileExporterTest, ALongRecordIsWrittenInSlicesAndInsideTheBudget) {
  start({});
  constexpr size_t kSize = size_t{2} << 20;
  const Bytes request = control_characters(kSize);
  const size_t before = budget_.used();
  int turns = 0;
  std::unique_ptr<io::Timer> other;
  other = loop_->make_timer([&] {
    ++turns;
    other->arm_at(loop_->now());
  });
  loop_->post([&] { other->arm_at(loop_->now()); });
  EXPECT_EQ(send(Signal::kLogs, request).kind, Outcome::Kind::kDelivered);
  EXPECT_GT(turns, 10);
  EXPECT_GT(content().size(), 6 * kSize);
  EXPECT_LE(budget_.used(), before + io::Fiber::kStackBytes + (size_t{192} << 10));
}

TEST_F(FileExporterTest, TheRecordOfAClosedExporterIsCutOffAndOthersGoOn) {
  start({});
  const Bytes request = control_characters(size_t{1} << 20);
  const auto second = make_file_exporter({}, writer_, *loop_, budget_, long_work_);
  std::vector<Outcome::Kind> outcomes;
  loop_->post([&] {
    for (pipeline::Exporter* exporter : {exporter_.get(), second.get()}) {
      exporter->send_batch(
          {.signal = Signal::kLogs, .item_count = 1, .bytes = Rope(request), .metadata = nullptr},
          kNever, [&](Outcome outcome) { outcomes.push_back(outcome.kind); });
    }
  });
  ASSERT_TRUE(world_.run_until([&] { return content().size() > 1000; }, 1s));
  EXPECT_TRUE(outcomes.empty());
  exporter_->close();
  EXPECT_EQ(content(), "");
  EXPECT_TRUE(world_.run_until([&] { return outcomes.size() == 2; }, 1s));
  EXPECT_EQ(outcomes, (std::vector{Outcome::Kind::kCancelled, Outcome::Kind::kDelivered}));
  const std::string text = content();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1);
}

}  // namespace
}  // namespace millrace::exporters
