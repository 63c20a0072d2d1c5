// Text is written in order; a reader that does not read blocks no writer, and missing lines are
// reported.
#include "io/text_output.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

namespace millrace::io {
namespace {

class Pipe {
 public:
  Pipe() { EXPECT_EQ(::pipe2(ends_.data(), O_CLOEXEC), 0); }
  ~Pipe() {
    close_end(0);
    close_end(1);
  }
  int reading() const { return ends_[0]; }
  int writing() const { return ends_[1]; }
  void close_end(size_t end) {
    if (ends_[end] >= 0) ::close(ends_[end]);
    ends_[end] = -1;
  }
  std::string read_some() const {
    std::array<char, 65536> piece;
    const ssize_t count = ::read(ends_[0], piece.data(), piece.size());
    return std::string(piece.data(), count > 0 ? static_cast<size_t>(count) : 0);
  }
  // Reads until `end` appears, or everything when the writing end is closed.
  std::string read_until(const std::string& end) const {
    std::string text;
    std::array<char, 65536> piece;
    while (end.empty() || text.find(end) == std::string::npos) {
      const ssize_t count = ::read(ends_[0], piece.data(), piece.size());
      if (count <= 0) break;
      text.append(piece.data(), static_cast<size_t>(count));
    }
    return text;
  }

 private:
  std::array<int, 2> ends_{-1, -1};
};

// Writes until the pipe and the buffer are full; drops nothing.
void fill(TextOutput& output) {
  const std::string line = std::string(99, 'x') + "\n";
  while (output.stalled_for() < 20ms) {
    if (output.has_room(line.size())) {
      output.write(line);
    } else {
      std::this_thread::sleep_for(1ms);
    }
  }
}

std::string notice(uint64_t lines) { return "missing " + std::to_string(lines) + "\n"; }

TEST(TextOutputTest, LinesComeOutInOrder) {
  Pipe pipe;
  TextOutput output({.descriptor = pipe.writing()});
  std::string expected;
  for (int i = 0; i < 1000; ++i) {
    const std::string line = "line " + std::to_string(i) + "\n";
    output.write(line);
    expected += line;
  }
  EXPECT_TRUE(output.flush(10s));
  pipe.close_end(1);
  EXPECT_EQ(pipe.read_until(""), expected);
  EXPECT_EQ(output.dropped_lines(), 0u);
}

TEST(TextOutputTest, APipeWithoutAReaderBlocksNoWriterAndMissingLinesAreReported) {
  Pipe pipe;
  TextOutput output({.descriptor = pipe.writing(), .bytes_max = 100'000, .notice = notice});
  fill(output);
  const auto begun = std::chrono::steady_clock::now();
  for (int i = 0; i < 10'000; ++i) output.write("lost\n");
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 5s);
  EXPECT_EQ(output.dropped_lines(), 10'000u);
  EXPECT_FALSE(output.flush(1ms));
  EXPECT_FALSE(output.try_write("lost\n"));
  const std::string text = pipe.read_until("missing 10000\n");
  EXPECT_TRUE(text.ends_with("x\nmissing 10000\n"));
  EXPECT_EQ(text.find("lost"), std::string::npos);
  EXPECT_TRUE(output.flush(10s));
  output.write("again\n");
  EXPECT_EQ(pipe.read_until("again\n"), "again\n");
}

TEST(TextOutputTest, MissingLinesAreReportedInPlace) {
  Pipe pipe;
  TextOutput output({.descriptor = pipe.writing(), .bytes_max = 100'000, .notice = notice});
  fill(output);
  for (int i = 0; i < 3; ++i) output.write("lost\n");
  std::string text;
  while (!output.has_room(1000)) text += pipe.read_some();
  output.write("behind\n");
  text += pipe.read_until("behind\n");
  EXPECT_TRUE(text.ends_with("x\nmissing 3\nbehind\n")) << text.substr(text.size() - 100);
}

TEST(TextOutputTest, TheTimeWithoutProgressIsKnown) {
  Pipe pipe;
  TextOutput output({.descriptor = pipe.writing()});
  EXPECT_EQ(output.stalled_for(), 0s);
  const std::string line(999, 'x');
  for (int i = 0; i < 200; ++i) output.write(line + "\n");
  while (output.stalled_for() < 20ms) std::this_thread::sleep_for(1ms);
  std::thread reader([&] { (void)pipe.read_until("end\n"); });
  output.write("end\n");
  EXPECT_TRUE(output.flush(10s));
  EXPECT_EQ(output.stalled_for(), 0s);
  reader.join();
}

TEST(TextOutputTest, ATextLargerThanTheBufferIsTakenWhenNothingWaits) {
  Pipe pipe;
  TextOutput output({.descriptor = pipe.writing(), .bytes_max = 10});
  const std::string large(200'000, 'x');
  EXPECT_TRUE(output.try_write(large + "\n"));
  EXPECT_FALSE(output.try_write("more\n"));
  EXPECT_EQ(pipe.read_until("\n").size(), large.size() + 1);
  EXPECT_TRUE(output.flush(10s));
  EXPECT_TRUE(output.has_room(1000));
}

TEST(TextOutputTest, AFullDiskCostsLinesAndNothingElse) {
  const int full = ::open("/dev/full", O_WRONLY | O_CLOEXEC);
  if (full < 0) GTEST_SKIP() << "no /dev/full here";
  TextOutput output({.descriptor = full, .closes_descriptor = true, .notice = notice});
  output.write("one\ntwo\n");
  EXPECT_TRUE(output.flush(10s));
  EXPECT_EQ(output.dropped_lines(), 2u);
  EXPECT_EQ(output.last_error(), "No space left on device");
}

TEST(TextOutputTest, AReaderThatLeftCostsLinesAndNothingElse) {
  signal(SIGPIPE, SIG_IGN);
  Pipe pipe;
  TextOutput output({.descriptor = pipe.writing(), .notice = notice});
  pipe.close_end(0);
  output.write("one\n");
  EXPECT_TRUE(output.flush(10s));
  EXPECT_EQ(output.dropped_lines(), 1u);
  EXPECT_EQ(output.last_error(), "Broken pipe");
}

TEST(TextOutputTest, ADescriptorThatAnotherProcessMadeNonBlockingLosesNothing) {
  Pipe pipe;
  ASSERT_EQ(::fcntl(pipe.writing(), F_SETFL, O_NONBLOCK), 0);
  TextOutput output({.descriptor = pipe.writing()});
  for (int i = 0; i < 500; ++i) output.write(std::string(999, 'x') + "\n");
  output.write("end\n");
  EXPECT_EQ(pipe.read_until("end\n").size(), 500'004u);
  EXPECT_EQ(output.dropped_lines(), 0u);
}

TEST(TextOutputTest, AStuckWriteDoesNotDelayTheEnd) {
  Pipe pipe;
  const auto begun = std::chrono::steady_clock::now();
  {
    TextOutput output({.descriptor = ::dup(pipe.writing()), .closes_descriptor = true});
    output.write(std::string(500'000, 'x'));
    EXPECT_FALSE(output.flush(5ms));
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 2s);
  pipe.close_end(1);
  EXPECT_EQ(pipe.read_until("").size(), 500'000u) << "the thread goes on while the process lives";
}

TEST(TextOutputTest, LinesOfManyThreadsStayWhole) {
  Pipe pipe;
  TextOutput output({.descriptor = pipe.writing()});
  std::atomic<uint64_t> written = 0;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&, thread] {
      for (int i = 0; i < 500; ++i) {
        output.write(std::string(50, static_cast<char>('a' + thread)) + "\n");
        ++written;
      }
    });
  }
  std::string text;
  std::thread reader([&] { text = pipe.read_until("end\n"); });
  for (std::thread& thread : threads) thread.join();
  output.write("end\n");
  reader.join();
  EXPECT_EQ(text.size(), 2000u * 51 + 4);
  for (size_t at = 0; at + 51 <= 2000u * 51; at += 51) {
    EXPECT_EQ(text.substr(at, 50), std::string(50, text[at]));
  }
}

}  // namespace
}  // namespace millrace::io
