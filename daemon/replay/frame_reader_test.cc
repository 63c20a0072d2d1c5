#include "daemon/replay/frame_reader.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace millrace::replay {
namespace {

// A source that returns at most `step` bytes a call.
ByteSource source_of(std::string text, size_t step) {
  return [text = std::move(text), step, at = size_t{0}](std::span<uint8_t> into) mutable {
    const size_t count = std::min({into.size(), step, text.size() - at});
    std::copy_n(text.begin() + static_cast<ptrdiff_t>(at), count, into.begin());
    at += count;
    return Result<size_t>(count);
  };
}

// Each frame as one word of its place and its bytes; unreadable frames in brackets.
std::vector<std::string> read_all(FrameReader& reader) {
  std::vector<std::string> all;
  while (true) {
    Frame frame;
    Unreadable unreadable;
    switch (reader.next(&frame, &unreadable)) {
      case FrameReader::Step::kFrame:
        all.push_back(frame.where + "=" + std::string(frame.bytes.text()) +
                      (frame.is_cut_off ? "…" : ""));
        break;
      case FrameReader::Step::kUnreadable:
        all.push_back("[" + unreadable.where + ": " + unreadable.why + "]");
        break;
      case FrameReader::Step::kEnd:
        return all;
    }
  }
}
std::vector<std::string> read_all(const std::string& text, size_t step = 1000,
                                  size_t frame_bytes_max = kFrameBytesMax) {
  FrameReader reader("f", source_of(text, step), frame_bytes_max);
  return read_all(reader);
}

std::string with_length(const std::string& bytes) {
  std::string frame;
  for (const int shift : {24, 16, 8, 0}) frame += static_cast<char>(bytes.size() >> shift & 0xFF);
  return frame + bytes;
}

using Frames = std::vector<std::string>;

TEST(FrameReaderTest, LinesAreNumberedAndEmptyOnesPassedOver) {
  const std::string text = "{a}\n\n{b}\r\n\r\n{c}";
  for (size_t step = 1; step <= text.size(); ++step) {
    EXPECT_EQ(read_all(text, step), (Frames{"f:1={a}", "f:3={b}", "f:5={c}…"})) << step;
  }
}

TEST(FrameReaderTest, AFileThatBeginsWithAnEmptyLineIsMadeOfLines) {
  EXPECT_EQ(read_all("\n{a}\n"), (Frames{"f:2={a}"}));
}

TEST(FrameReaderTest, LengthsAndBytesAreReadInPiecesOfAnySize) {
  const std::string text =
      with_length("abc") + with_length("") + with_length(std::string(300, 'x'));
  for (size_t step = 1; step <= 20; ++step) {
    EXPECT_EQ(read_all(text, step), (Frames{"f: record 1 at byte 0=abc", "f: record 2 at byte 7=",
                                            "f: record 3 at byte 11=" + std::string(300, 'x')}));
  }
}

TEST(FrameReaderTest, ATruncatedLastRecordIsNamedWhereverItIsCut) {
  const std::string first = with_length("abc");
  const std::string whole = first + with_length("defgh");
  for (size_t size = first.size() + 1; size < whole.size(); ++size) {
    const Frames found = read_all(whole.substr(0, size), 3);
    ASSERT_EQ(found.size(), 2u) << size;
    EXPECT_EQ(found[0], "f: record 1 at byte 0=abc");
    EXPECT_TRUE(found[1].starts_with("[f: record 2 at byte 7: ")) << found[1];
    EXPECT_NE(found[1].find(size < 11 ? "within its length" : "has 5 bytes, but only"),
              std::string::npos)
        << found[1];
  }
}

TEST(FrameReaderTest, AnEmptyFileIsReported) {
  FrameReader reader("f", source_of("", 10));
  EXPECT_TRUE(read_all(reader).empty());
  EXPECT_TRUE(reader.was_empty());
}

TEST(FrameReaderTest, GarbageIsOneUnreadableRecord) {
  const Frames found = read_all(std::string("\xF3\x01\x99\x00 what is this", 17));
  ASSERT_EQ(found.size(), 1u);
  EXPECT_NE(found[0].find("not a file of the file exporter"), std::string::npos) << found[0];
}

TEST(FrameReaderTest, AFileCompressedAsAWholeIsNamed) {
  const Frames zstd = read_all("\x28\xB5\x2F\xFD....");
  ASSERT_EQ(zstd.size(), 1u);
  EXPECT_NE(zstd[0].find("zstd -d"), std::string::npos) << zstd[0];
  const Frames gzip = read_all("\x1F\x8B....");
  ASSERT_EQ(gzip.size(), 1u);
  EXPECT_NE(gzip[0].find("gunzip"), std::string::npos) << gzip[0];
}

TEST(FrameReaderTest, ATooLargeFrameIsSkippedAndTheNextOneRead) {
  const Frames lengths = read_all(with_length(std::string(50, 'x')) + with_length("ab"), 7, 20);
  ASSERT_EQ(lengths.size(), 2u);
  EXPECT_NE(lengths[0].find("which is too large"), std::string::npos) << lengths[0];
  EXPECT_EQ(lengths[1], "f: record 2 at byte 54=ab");
  const Frames lines = read_all(std::string(50, 'x') + "\n{}\n", 7, 20);
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_TRUE(lines[0].starts_with("[f:1: a line of more than")) << lines[0];
  EXPECT_EQ(lines[1], "f:2={}");
}

TEST(FrameReaderTest, AFailedReadEndsTheFileWithTheSystemsWords) {
  bool first = true;
  FrameReader reader("f", [&](std::span<uint8_t> into) -> Result<size_t> {
    if (!std::exchange(first, false)) return fail(Code::kUnavailable, "reading: I/O error");
    std::copy_n("{a}\n", 4, into.begin());
    return size_t{4};
  });
  EXPECT_EQ(read_all(reader), (Frames{"f:1={a}", "[f: reading: I/O error]"}));
}

}  // namespace
}  // namespace millrace::replay
