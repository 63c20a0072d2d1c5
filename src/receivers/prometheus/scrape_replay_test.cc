// A scrape that is replayed gives the same requests as one that is read in full.
#include "receivers/prometheus/scrape_replay.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "receivers/prometheus/scrape_output.h"

namespace millrace::receivers::prometheus {
namespace {

class ScrapeReplayTest : public ::testing::Test {
 protected:
  ScrapeReplayTest() {
    options.job_name = "j";
    target = **make_target(options, {{"env", "prod"}}, {{"__address__", "a.example:99"}});
  }
  // The bytes of the requests of one scrape with `memory`.
  std::string scrape(SeriesMemory& memory, std::string_view body, Duration at) {
    std::string bytes;
    Work work{pool, pace};
    const auto made = write_scrape(
        options, target, {.body = body, .format = format, .time = WallTime(at), .duration = 250ms},
        {}, memory, work,
        [&](const ScrapeBatch::Request& request) { bytes += as_text(request.bytes.view()); });
    EXPECT_TRUE(made && made->outcome);
    is_replayed = made && made->is_replayed;
    return bytes;
  }
  // Scrapes `first` twice and then `second`, and expects what a memory without a form gives.
  // Returns whether `second` was replayed.
  bool replays(const std::string& first, const std::string& second) {
    SeriesMemory memory;
    SeriesMemory plain;
    for (const Duration at : {10s, 20s}) {
      scrape(memory, first, at);
      scrape(plain, first, at);
    }
    plain.keep(std::nullopt);
    const std::string expected = scrape(plain, second, 30s);
    EXPECT_FALSE(is_replayed);
    EXPECT_EQ(scrape(memory, second, 30s), expected);
    return is_replayed;
  }

  ScrapeOptions options;
  Format format = Format::kText;
  Target target;
  Budget budget{64 << 20};
  ChunkPool pool{budget, 0};
  Pace pace;
  bool is_replayed = false;  // the last scrape
};

TEST_F(ScrapeReplayTest, OtherValuesAreReplayed) {
  EXPECT_TRUE(
      replays("# TYPE c counter\nc_total{a=\"b\"} 5\nc_total{a=\"c\"} 7\n# HELP g G\ng 1\n",
              "# TYPE c counter\nc_total{a=\"b\"} 6\nc_total{a=\"c\"} 1e9\n# HELP g G\ng NaN"
              "\n"));
}

TEST_F(ScrapeReplayTest, HistogramsAndSummariesAreReplayed) {
  const auto body = [](const std::string& low, const std::string& high) {
    return "# TYPE h histogram\nh_bucket{le=\"1\"} " + low +
           "\nh_bucket{le=\"0.5\"} 1\nh_bucket{"
           "le=\"+Inf\"} " +
           high + "\nh_sum 2.5\nh_count " + high + "\n# TYPE s summary\ns{quantile=\"0.9\"} " +
           high + "\ns{quantile=\"0.5\"} " + low + "\ns_sum 8\ns_count " + low + "\n";
  };
  EXPECT_TRUE(replays(body("2", "3"), body("9", "12")));
  EXPECT_FALSE(replays(body("2", "3"), body("0", "12"))) << "the counts fall";
}

TEST_F(ScrapeReplayTest, AnotherTextIsReadInFull) {
  const std::string first = "# HELP g of g\ng{a=\"b\"} 1\nu 2\n";
  EXPECT_TRUE(replays(first, first));
  for (const char* other :
       {"# HELP g of G\ng{a=\"b\"} 1\nu 2\n", "# HELP g of g\ng{a=\"c\"} 1\nu 2\n",
        "# HELP g of g\ng{a=\"b\"} 1\n", "# HELP g of g\ng{a=\"b\"} 1\nu 2\nv 3\n",
        "# HELP g of g\nu 2\ng{a=\"b\"} 1\n", "# HELP g of g\ng{a=\"b\"} 1 77\nu 2\n"}) {
    EXPECT_FALSE(replays(first, other)) << other;
  }
}

TEST_F(ScrapeReplayTest, AFormIsMadeWhenTheSeriesAreThereAgain) {
  SeriesMemory memory;
  scrape(memory, "a 1\n", 10s);
  EXPECT_FALSE(memory.replay());
  scrape(memory, "a 2\n", 20s);
  EXPECT_TRUE(memory.replay());
  scrape(memory, "a 2\nb 1\n", 30s);
  EXPECT_FALSE(memory.replay());
  scrape(memory, "a 2\nb 1\n", 40s);
  EXPECT_FALSE(memory.replay()) << "series came: waits for a scrape with the same ones";
  scrape(memory, "a 2\nb 1\n", 50s);
  EXPECT_TRUE(memory.replay());
}

TEST_F(ScrapeReplayTest, TimesExemplarsAndCreationAreNoValues) {
  EXPECT_FALSE(replays("a 1 5000\nb 2\n", "a 2 6000\nb 2\n"));
  format = Format::kOpenMetrics;
  const auto counter = [](const std::string& value, const std::string& created) {
    return "# TYPE c counter\nc_total " + value + "\nc_created " + created + "\n# EOF\n";
  };
  EXPECT_TRUE(replays(counter("1", "100.5"), counter("2", "100.5")));
  EXPECT_FALSE(replays(counter("1", "100.5"), counter("2", "200.5")));
  EXPECT_FALSE(replays("# TYPE c counter\nc_total 1 # {a=\"b\"} 1\n# EOF\n",
                       "# TYPE c counter\nc_total 2 # {a=\"b\"} 1\n# EOF\n"));
}

TEST_F(ScrapeReplayTest, ABodyOfManyPiecesAndRequestsIsReplayed) {
  const auto body = [](int add) {
    std::string text;
    for (int i = 0; i < 20'000; ++i) {
      text += "metric_" + std::to_string(i / 100) + "{number=\"" + std::to_string(i) + "\"} " +
              std::to_string(i + add) + "\n";
    }
    return text;
  };
  EXPECT_TRUE(replays(body(0), body(1)));
}

TEST_F(ScrapeReplayTest, AFormIsReservedAndMadeOnlyWhereThereIsRoom) {
  {
    SeriesMemory memory;
    scrape(memory, "a 1\n", 10s);
    const size_t without = budget.used();
    scrape(memory, "a 1\n", 20s);
    EXPECT_GT(budget.used(), without);
    const Reservation most =
        Reservation::try_make(budget, MemoryTerm::kWork, budget.limit() / 2 + 1);
    scrape(memory, "b 1\n", 30s);
    scrape(memory, "b 1\n", 40s);
    scrape(memory, "b 1\n", 50s);
    EXPECT_FALSE(memory.replay());
  }
  EXPECT_LE(budget.used(), size_t{1} << 20) << "no more than chunks of the pool";
}

TEST_F(ScrapeReplayTest, WithoutMemoryForTheRequestsTheScrapeIsLost) {
  SeriesMemory memory;
  scrape(memory, "a 1\n", 10s);
  scrape(memory, "a 1\n", 20s);
  const Reservation all =
      Reservation::try_make(budget, MemoryTerm::kWork, budget.limit() - budget.used());
  Work work{pool, pace};
  const auto made = write_scrape(
      options, target,
      {.body = std::string_view("a 2\n"), .format = format, .time = WallTime(30s), .duration = 1s},
      {}, memory, work, [](const ScrapeBatch::Request&) { ADD_FAILURE(); });
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, Code::kUnavailable);
}

}  // namespace
}  // namespace millrace::receivers::prometheus
