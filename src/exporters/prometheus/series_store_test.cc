#include "exporters/prometheus/series_store.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <unordered_map>

#include "exporters/prometheus/testing/shown.h"

namespace millrace::exporters {
namespace {

using testing::gauge;
using testing::number_point;
using testing::Shown;

std::string many(const std::string& name, size_t count, size_t first = 0) {
  std::vector<std::string> points;
  for (size_t i = 0; i < count; ++i) {
    points.push_back(number_point(1, {.attributes = {{"id", std::to_string(first + i)}}}));
  }
  return gauge({.name = name}, points);
}

size_t lines_in(const std::string& text) {
  return static_cast<size_t>(std::ranges::count(text, '\n'));
}

TEST(SeriesStoreTest, NewSeriesAreRefusedAtTheLimitAndKnownOnesAreNot) {
  Shown shown(prometheus::Strategy::kUnderscoreEscapingWithSuffixes, {}, {.scope_labels = false},
              100'000);
  shown.send({many("big", 1000), many("small", 10)});
  const size_t count = shown.store.series_count();
  EXPECT_GT(count, 100u);
  EXPECT_LT(count, 1000u);
  EXPECT_EQ(shown.refused(Refusal::kSeriesLimit), 1010 - count);
  EXPECT_LE(shown.store.memory_bytes(), 100'000u);
  shown.send({many("big", 1000)});
  EXPECT_EQ(shown.taken.stored, count);
  EXPECT_EQ(shown.store.largest_families(1).front().first, "big");
  EXPECT_EQ(lines_in(shown.samples()), count);
}

TEST(SeriesStoreTest, MemoryThatOthersHaveIsALimitToo) {
  Shown shown;
  const size_t taken = shown.budget.limit() - (200 << 10);
  ASSERT_TRUE(shown.budget.try_reserve(MemoryTerm::kMessages, taken));
  shown.send({many("g", 2000)});
  EXPECT_GT(shown.refused(Refusal::kSeriesLimit), 0u);
  shown.budget.release(MemoryTerm::kMessages, taken);
  shown.send({many("g", 2000)});
  EXPECT_EQ(shown.refused(Refusal::kSeriesLimit), 0u);
}

TEST(SeriesStoreTest, ExpiredSeriesGiveTheirMemoryBack) {
  Shown shown;
  shown.send({many("g", 5000)});
  const size_t bytes = shown.store.memory_bytes();
  shown.now += 301s;
  shown.send({many("h", 1)});
  while (!shown.store.sweep(shown.now, 100)) {
  }
  EXPECT_EQ(shown.store.series_count(), 1u);
  EXPECT_EQ(shown.store.expired_count(), 5000u);
  EXPECT_LT(shown.store.memory_bytes(), bytes / 2);
  EXPECT_EQ(shown.store.families().size(), 1u);
}

TEST(SeriesStoreTest, ASweepLooksAtNoMoreThanItIsTold) {
  Shown shown;
  shown.send({many("a", 50), many("b", 50), many("c", 50)});
  shown.now += 301s;
  size_t turns = 1;
  while (!shown.store.sweep(shown.now, 10)) {
    ++turns;
    ASSERT_LT(turns, 100u);
  }
  EXPECT_GE(turns, 15u);
  EXPECT_EQ(shown.store.series_count(), 0u);
}

TEST(SeriesStoreTest, APageThatIsBeingReadStaysWhole) {
  Shown shown;
  shown.send({many("a", 3000), many("b", 3000)});
  const auto reader = PageReader::open(shown.store, shown.budget, {});
  std::string text = reader->next(shown.now).bytes;
  shown.now += 200s;
  shown.send({many("a", 1000, 2000), many("b", 1000, 2000)});
  shown.now += 101s;
  shown.store.sweep(shown.now, 100'000);
  shown.send({many("a", 10, 5000), many("aa", 10), many("c", 10)});
  for (bool is_last = false; !is_last;) {
    PageReader::Piece piece = reader->next(shown.now);
    is_last = piece.is_last;
    text += piece.bytes;
  }
  std::unordered_map<std::string, int> seen;
  std::vector<std::string> families;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = text.find('\n', begin);
    const std::string line = text.substr(begin, end - begin);
    begin = end + 1;
    if (line.starts_with("# TYPE ")) families.push_back(line);
    if (line[0] != '#') EXPECT_EQ(++seen[line.substr(0, line.find(' '))], 1) << line;
  }
  EXPECT_EQ(families.size(), 3u);  // a family before the place of the page is not seen
  EXPECT_TRUE(std::ranges::is_sorted(families));
  EXPECT_EQ(seen.count("b{id=\"2999\"}"), 1u);
  EXPECT_EQ(seen.count("b{id=\"1500\"}"), 0u);
  EXPECT_EQ(seen.count("c{id=\"0\"}"), 1u);
}

TEST(SeriesStoreTest, AMessageOfProtobufIsReserved) {
  Shown shown;
  testing::Histogram histogram{.counts = std::vector<uint64_t>(3001, 1), .bounds = {}, .sum = 1};
  for (int bound = 0; bound < 3000; ++bound) histogram.bounds.push_back(bound);
  shown.send({testing::histogram({.name = "h"}, {testing::histogram_point(histogram)},
                                 testing::Temporality::kCumulative)});
  prometheus::PageOptions protobuf;
  protobuf.exposition.format = prometheus::Format::kProtobuf;
  // Enough for the page, and not for the message that the writer makes first.
  const size_t others = shown.budget.limit() - shown.budget.used() - (200 << 10);
  ASSERT_TRUE(shown.budget.try_reserve(MemoryTerm::kMessages, others));
  const auto reader = PageReader::open(shown.store, shown.budget, {.writer = protobuf});
  ASSERT_NE(reader, nullptr);
  PageReader::Piece piece;
  while (!piece.is_last) piece = reader->next(shown.now);
  EXPECT_TRUE(piece.is_broken);
  shown.budget.release(MemoryTerm::kMessages, others);
}

TEST(SeriesStoreTest, TargetInfoFollowsTheResource) {
  Shown shown;
  const auto resource = [](std::string host) {
    return testing::Attributes{
        {"service.name", "s"}, {"service.instance.id", "i"}, {"host.name", std::move(host)}};
  };
  const std::string g = gauge({.name = "g"}, {number_point(1)});
  for (const std::string host : {"a", "b", "a"}) {
    shown.send({g}, resource(host));
    EXPECT_EQ(shown.samples(), "g{instance=\"i\",job=\"s\"} 1\ntarget_info{host_name=\"" + host +
                                   "\",instance=\"i\",job=\"s\"} 1\n");
  }
  EXPECT_EQ(shown.store.series_count(), 2u);
}

TEST(SeriesStoreTest, ResourcesWithoutAServiceAreCounted) {
  Shown shown;
  shown.send({gauge({.name = "g"}, {number_point(1)})}, {{"host.name", "h"}});
  EXPECT_EQ(shown.taken.without_identity, 1u);
}

TEST(SeriesStoreTest, ASeriesTakesAFewHundredBytes) {
  Shown shown;
  std::vector<std::string> points;
  for (size_t i = 0; i < 10'000; ++i) {
    points.push_back(number_point(1, {.attributes = {{"http.request.method", "GET"},
                                                     {"http.route", "/users/{id}"},
                                                     {"http.response.status_code", "200"},
                                                     {"id", std::to_string(i)}}}));
  }
  shown.send({gauge({.name = "g"}, points)}, {{"service.name", "checkout"}});
  EXPECT_EQ(shown.store.series_count(), 10'000u);
  EXPECT_NE(shown.page().find(R"(http_route="/users/{id}",id="9999",job="checkout"} 1)"),
            std::string::npos);
  const size_t each = shown.store.memory_bytes() / 10'000;
  RecordProperty("bytes_each", static_cast<int>(each));
  EXPECT_LT(each, 250u) << each;
}

TEST(KeyTableTest, IsWhatAMapIs) {
  KeyTable<int> table;
  std::map<uint64_t, int*> twin;
  std::vector<int> values(500);
  const KeyHasher hasher(3, 4);
  uint64_t state = 1;
  for (int step = 0; step < 100'000; ++step) {
    state = state * 6364136223846793005 + 1442695040888963407;
    const uint64_t number = (state >> 40) % 500;
    // Few parts and homes, so that runs are long.
    KeyHash key = hasher.of({reinterpret_cast<const uint8_t*>(&number), sizeof number});
    key.high &= uint64_t{3} << 60;
    key.low = number | (key.low & 7) << 32;
    const auto found = twin.find(number);
    ASSERT_EQ(table.find(key), found == twin.end() ? nullptr : found->second);
    if (found == twin.end()) {
      twin[number] = &values[number];
      table.insert(key, &values[number]);
    } else if ((state >> 20) % 2 == 0) {
      twin.erase(found);
      table.erase(key);
    }
  }
}

}  // namespace
}  // namespace millrace::exporters
