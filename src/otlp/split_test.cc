#include "otlp/split.h"

#include <gtest/gtest.h>

#include <string>

#include "otlp/admit.h"
#include "otlp/example_requests.h"
#include "otlp/flatten.h"
#include "otlp/item_count.h"
#include "wire/writer.h"

namespace millrace::otlp {
namespace {

constexpr Signal kCut[] = {Signal::kTraces, Signal::kMetrics, Signal::kLogs};

// The request in pieces of `size` bytes, each in its own chunk.
Rope in_pieces(const Bytes& request, size_t size) {
  Rope rope;
  for (size_t at = 0; at < request.size(); at += size) {
    rope.append(Bytes::copy_of(request.view().subspan(at, std::min(size, request.size() - at))));
  }
  return rope;
}

void expect_exact(Signal signal, const Rope& request, const CutLimits& limits) {
  const uint32_t item_count = count_items(signal, request);
  std::vector<std::string> lines;
  uint32_t counted = 0;
  for (const Part& part : split(signal, request, item_count, limits)) {
    const Bytes bytes = Bytes::copy_of(part.bytes.to_bytes().view());
    const auto admitted = admit(signal, bytes.view());
    ASSERT_TRUE(admitted) << admitted.error().to_error().message;
    EXPECT_EQ(admitted->item_count, part.item_count);
    EXPECT_LE(part.item_count, limits.items_max);
    EXPECT_EQ(part.is_oversized, part.bytes.size() > limits.bytes_max);
    if (part.is_oversized) {
      EXPECT_LE(part.item_count, 1u);
    }
    counted += part.item_count;
    for (std::string& line : flatten(signal, part.bytes)) lines.push_back(std::move(line));
  }
  EXPECT_EQ(counted, item_count);
  EXPECT_EQ(lines, flatten(signal, request));
}

TEST(SplitTest, PartsHoldTheSameItemsForEveryItemLimit) {
  for (const Signal signal : kCut) {
    const Rope request(example_request(signal, {2, 2, 3, 3}));
    for (uint32_t items_max = 1; items_max < 40; items_max++) {
      expect_exact(signal, request, {.items_max = items_max});
    }
  }
}

TEST(SplitTest, PartsHoldTheSameItemsForEveryByteLimit) {
  for (const Signal signal : kCut) {
    const Rope request(example_request(signal, {2, 2, 3, 3}));
    for (size_t bytes_max = 100; bytes_max < request.size() + 100; bytes_max += 61) {
      expect_exact(signal, request, {.bytes_max = bytes_max});
    }
  }
}

TEST(SplitTest, EverythingAroundAnItemIsRepeated) {
  for (const Signal signal : kCut) {
    Rope request(example_request_with_everything(signal));
    request.append(example_request_with_everything(signal));
    for (const uint32_t items_max : {1, 2, 3, 5}) {
      expect_exact(signal, request, {.items_max = items_max});
      expect_exact(signal, request, {.items_max = items_max, .bytes_max = 6000});
    }
  }
}

TEST(SplitTest, PiecesMayEndAnywhere) {
  for (const Signal signal : kCut) {
    const Bytes request = example_request_with_everything(signal);
    for (const size_t piece : {1, 2, 13, 1000}) {
      expect_exact(signal, in_pieces(request, piece), {.items_max = 1});
    }
  }
}

TEST(SplitTest, NothingToCutCostsNothing) {
  const Bytes request = example_request(Signal::kTraces, {1, 1, 10});
  const auto parts = split(Signal::kTraces, Rope(request), 10, {.items_max = 10});
  ASSERT_EQ(parts.size(), 1u);
  ASSERT_EQ(parts[0].bytes.pieces().size(), 1u);
  EXPECT_EQ(parts[0].bytes.pieces()[0].data(), request.data());
}

TEST(SplitTest, CutBetweenResourcesKeepsTheReceivedBytes) {
  const Bytes request = example_request(Signal::kTraces, {4, 1, 10});
  const auto parts = split(Signal::kTraces, Rope(request), 40, {.items_max = 20});
  ASSERT_EQ(parts.size(), 2u);
  for (const Part& part : parts) {
    ASSERT_EQ(part.bytes.pieces().size(), 1u);
    EXPECT_EQ(part.bytes.pieces()[0].chunk().get(), request.chunk().get());
  }
}

// Two lengths, the resource, the scope, and the spans in one slice.
TEST(SplitTest, CutInsideAResourceCopiesNoItem) {
  const Bytes request = example_request(Signal::kTraces, {1, 1, 100});
  const auto parts = split(Signal::kTraces, Rope(request), 100, {.items_max = 50});
  ASSERT_EQ(parts.size(), 2u);
  for (const Part& part : parts) {
    size_t shared = 0;
    for (const Bytes& piece : part.bytes.pieces()) {
      if (piece.chunk().get() == request.chunk().get()) shared += piece.size();
    }
    EXPECT_LE(part.bytes.pieces().size(), 6u);
    EXPECT_LE(part.bytes.size() - shared, 12u);
  }
}

TEST(SplitTest, SingleItemLargerThanTheLimitComesAloneAndFlagged) {
  const Rope request(example_request(Signal::kTraces, {1, 1, 3}));
  const auto parts = split(Signal::kTraces, request, 3, {.bytes_max = 100});
  ASSERT_EQ(parts.size(), 3u);
  for (const Part& part : parts) {
    EXPECT_TRUE(part.is_oversized);
    EXPECT_EQ(part.item_count, 1u);
  }
}

TEST(SplitTest, ProfilesComeWhole) {
  const Bytes request = example_request_with_everything(Signal::kProfiles);
  const auto parts = split(Signal::kProfiles, Rope(request), 3, {.items_max = 1});
  ASSERT_EQ(parts.size(), 1u);
  EXPECT_EQ(parts[0].item_count, 3u);
  EXPECT_EQ(parts[0].bytes.to_bytes().text(), request.text());
}

TEST(TakeFrontTest, LeavesTheRestAsARequest) {
  for (const Signal signal : kCut) {
    const Rope request(example_request_with_everything(signal));
    const uint32_t total = count_items(signal, request);
    for (uint32_t n = 1; n <= total; n++) {
      Rope rest = request;
      const Part front = take_front(signal, &rest, {.items_max = n});
      EXPECT_EQ(front.item_count, n);
      EXPECT_EQ(count_items(signal, rest), total - n);
      auto lines = flatten(signal, front.bytes);
      for (std::string& line : flatten(signal, rest)) lines.push_back(std::move(line));
      EXPECT_EQ(lines, flatten(signal, request));
    }
  }
}

TEST(TakeFrontTest, EmptyRequestGivesAnEmptyPart) {
  Rope empty;
  EXPECT_EQ(take_front(Signal::kLogs, &empty, {}).item_count, 0u);
  EXPECT_TRUE(empty.empty());
}

// The sum's temporality is in a message of its own before the points.
TEST(SplitTest, MergedMembersOfMetricDataKeepTheirTemporalityInEachPart) {
  wire::Writer w;
  const auto resource = w.open(1);
  const auto scope = w.open(2);
  const auto metric = w.open(2);
  w.string_field(5, std::string_view("\x0a\x00", 2));          // a gauge that is replaced
  w.string_field(7, "\x10\x02");                               // sum: cumulative
  w.string_field(7, std::string_view("\x0a\x00\x0a\x00", 4));  // sum: two points
  w.string_field(1, "name");
  for (const auto& nested : {metric, scope, resource}) w.close(nested);
  const Rope request(w.finish());
  expect_exact(Signal::kMetrics, request, {.items_max = 1});
  const auto parts = split(Signal::kMetrics, request, 2, {.items_max = 1});
  ASSERT_EQ(parts.size(), 2u);
  EXPECT_EQ(parts[0].bytes.to_bytes().text(), parts[1].bytes.to_bytes().text());
}

// A scope of items with an unknown field behind each: every part repeated all of these fields, so
// that 1.4 KB on the wire became 47 GB of slices.
TEST(SplitTest, SurroundingsThatCannotBeRepeatedKeepTheirItemsTogether) {
  constexpr size_t kCount = 400'000;
  wire::Writer writer(4 * kCount + 32);
  const auto resource = writer.open(1, 4 * kCount);
  const auto scope = writer.open(2, 4 * kCount);
  for (size_t i = 0; i < kCount; ++i) {
    writer.string_field(2, "");
    writer.varint_field(15, 0);
  }
  writer.close(scope);
  writer.close(resource);
  const Bytes request = writer.finish();
  const std::vector<Part> parts = split(Signal::kLogs, Rope(request), kCount, {.items_max = 100});
  size_t bytes = 0;
  size_t pieces = 0;
  uint64_t items = 0;
  for (const Part& part : parts) {
    bytes += part.bytes.size();
    pieces += part.bytes.pieces().size();
    items += part.item_count;
  }
  EXPECT_EQ(items, kCount);
  EXPECT_LE(bytes, 2 * request.size() + kRepeatedBytesMax);
  EXPECT_LE(pieces, 100'000u);
}

// Fields around the items that are in many places are repeated as one slice of a copy.
TEST(SplitTest, ScatteredSurroundingsAreCopiedTogetherOnce) {
  wire::Writer writer(4096);
  const auto resource = writer.open(1, 2000);
  const auto scope = writer.open(2, 2000);
  for (size_t i = 0; i < 300; ++i) {
    writer.string_field(2, "");
    writer.varint_field(15, i);
  }
  writer.close(scope);
  writer.close(resource);
  const Bytes request = writer.finish();
  const std::vector<Part> parts = split(Signal::kLogs, Rope(request), 300, {.items_max = 100});
  ASSERT_EQ(parts.size(), 3u);
  for (const Part& part : parts) {
    EXPECT_EQ(part.item_count, 100u);
    EXPECT_LE(part.bytes.pieces().size(), 250u);
    EXPECT_EQ(count_items(Signal::kLogs, part.bytes), 100u);
  }
}

}  // namespace
}  // namespace millrace::otlp
