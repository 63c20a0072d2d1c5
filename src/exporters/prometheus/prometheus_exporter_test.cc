#include "exporters/prometheus/prometheus_exporter.h"

#include <gtest/gtest.h>

#include "compress/coding.h"
#include "compress/decompressor.h"
#include "exporters/prometheus/testing/shown.h"
#include "io/sim/world.h"

namespace millrace::exporters {
namespace {

using pipeline::Outcome;
using testing::gauge;
using testing::number_point;

// Three workers, one of which owns the state.
class PrometheusExporterTest : public ::testing::Test {
 protected:
  struct Worker {
    explicit Worker(io::sim::World& world, Budget& budget)
        : loop(world.make_loop("worker")), pool(budget, 0), long_work(*loop, pool) {}
    std::unique_ptr<io::Loop> loop;
    ChunkPool pool;
    io::LongWork long_work;
    std::unique_ptr<pipeline::Exporter> exporter;
    transport::PageHandler page;
  };

  void start(PrometheusOptions options = {}) {
    options.labels.scope_labels = false;
    hub_ = make_prometheus_hub(std::move(options));
    for (size_t i = 0; i < 3; ++i) {
      workers_.push_back(std::make_unique<Worker>(world_, budget_));
      Worker& worker = *workers_.back();
      const PrometheusParts parts{.name = name_,
                                  .worker = i,
                                  .worker_count = 3,
                                  .loop = *worker.loop,
                                  .pool = worker.pool,
                                  .long_work = worker.long_work,
                                  .log = log_,
                                  .metrics = metrics_};
      worker.exporter = make_prometheus_exporter(hub_, parts);
      worker.page = make_prometheus_page(hub_, parts);
    }
  }
  ~PrometheusExporterTest() override {
    for (auto& worker : workers_) worker->exporter.reset();
    for (auto& worker : workers_) worker->loop->drop_tasks();
  }
  Outcome send(size_t worker, const std::vector<std::string>& metrics) {
    Outcome outcome{.kind = Outcome::Kind::kCancelled};
    bool done = false;
    workers_[worker]->loop->post([&] {
      workers_[worker]->exporter->send_batch(
          {.signal = Signal::kMetrics, .item_count = 1, .bytes = testing::request(metrics)}, kNever,
          [&](Outcome answer) {
            outcome = std::move(answer);
            done = true;
          });
      EXPECT_FALSE(done);
    });
    EXPECT_TRUE(world_.run_until([&] { return done; }, 1s));
    return outcome;
  }
  struct Page {
    transport::PageReply reply;
    std::string text;
    bool is_over = false;
  };
  void read_on(Page& page) {
    page.reply.stream->next([this, &page](transport::PageStream::Piece piece) {
      page.text += piece.bytes;
      page.is_over = piece.end != transport::PageStream::End::kMore;
      is_broken_ = piece.end == transport::PageStream::End::kBrokenOff;
      if (!page.is_over) read_on(page);
    });
  }
  Page get(size_t worker, transport::PageRequest request = {}) {
    if (request.method.empty()) request.method = "GET";
    Page page;
    workers_[worker]->loop->post([&] {
      page.reply = workers_[worker]->page(request);
      if (page.reply.stream == nullptr) {
        page.is_over = true;
      } else {
        read_on(page);
      }
    });
    EXPECT_TRUE(world_.run_until([&] { return page.is_over; }, 5s));
    page.reply.stream.reset();
    return page;
  }

  const std::string name_ = "prometheus";
  io::sim::World world_{1};
  Budget budget_{size_t{64} << 20};
  LogOptions log_options_;
  Logger log_{log_options_, [](std::string_view) {}, [] { return int64_t{0}; }};
  metrics::Registry metrics_;
  std::shared_ptr<PrometheusHub> hub_;
  std::vector<std::unique_ptr<Worker>> workers_;
  bool is_broken_ = false;
};

TEST_F(PrometheusExporterTest, EveryWorkerTakesPointsAndShowsAllOfThem) {
  start();
  for (size_t worker = 0; worker < 3; ++worker) {
    const Outcome outcome = send(
        worker,
        {gauge({.name = "g"}, {number_point(static_cast<double>(worker),
                                            {.attributes = {{"w", std::to_string(worker)}}})})});
    EXPECT_EQ(outcome.kind, Outcome::Kind::kDelivered);
  }
  for (size_t worker = 0; worker < 3; ++worker) {
    const Page page = get(worker);
    EXPECT_EQ(page.text, "# HELP g \n# TYPE g gauge\ng{w=\"0\"} 0\ng{w=\"1\"} 1\ng{w=\"2\"} 2\n");
    EXPECT_EQ(page.reply.content_type,
              "text/plain; version=0.0.4; charset=utf-8; escaping=underscores");
  }
}

TEST_F(PrometheusExporterTest, PointsThatCannotBeShownAreRejected) {
  start();
  const Outcome outcome = send(
      1, {gauge({.name = "g"}, {number_point(1), number_point(2, {.attributes = {{"", "x"}}})})});
  EXPECT_EQ(outcome.kind, Outcome::Kind::kPartial);
  EXPECT_EQ(outcome.rejected_count, 1u);
  EXPECT_NE(outcome.error.message.find("bad_label 1"), std::string::npos) << outcome.error.message;
}

TEST_F(PrometheusExporterTest, AScraperThatReadsGzipGetsIt) {
  start();
  std::vector<std::string> points;
  for (int i = 0; i < 3000; ++i) {
    points.push_back(number_point(i, {.attributes = {{"id", std::to_string(i)}}}));
  }
  send(0, {gauge({.name = "g"}, points)});
  const Page plain = get(2);
  const Page packed = get(2, {.method = "GET", .accept_encoding = "br;q=1.0, gzip;q=0.8"});
  EXPECT_EQ(packed.reply.content_encoding, "gzip");
  EXPECT_LT(packed.text.size(), plain.text.size() / 3);
  compress::Decompressor decompressor;
  Pace pace;
  Work work{workers_[0]->pool, pace};
  const auto text =
      decompressor.decompress(compress::Coding::kGzip, as_span(packed.text), work, 16 << 20);
  ASSERT_TRUE(text);
  EXPECT_EQ(text->text(), plain.text);
  for (const std::string refused : {"gzip;q=0", "gzip;q=0.0", "deflate", "xgzip", ""}) {
    const Page page = get(2, {.method = "GET", .accept_encoding = refused});
    EXPECT_EQ(page.reply.content_encoding, "") << refused;
  }
}

TEST_F(PrometheusExporterTest, APageThatItsPeerLeavesIsForgotten) {
  start();
  std::vector<std::string> points;
  for (int i = 0; i < 5000; ++i) {
    points.push_back(number_point(i, {.attributes = {{"id", std::to_string(i)}}}));
  }
  send(0, {gauge({.name = "g"}, points)});
  const size_t before = budget_.used(MemoryTerm::kAnswers);
  Page page;
  bool has_piece = false;
  workers_[1]->loop->post([&] {
    page.reply = workers_[1]->page({.method = "GET"});
    page.reply.stream->next([&](transport::PageStream::Piece) { has_piece = true; });
  });
  EXPECT_TRUE(world_.run_until([&] { return has_piece; }, 1s));
  EXPECT_GT(budget_.used(MemoryTerm::kAnswers), before);
  workers_[1]->loop->post([&] { page.reply.stream.reset(); });
  world_.run_for(10ms);
  EXPECT_EQ(budget_.used(MemoryTerm::kAnswers), before);
  EXPECT_NE(metrics_.to_prometheus_text().find(
                "millrace_prometheus_scrapes{exporter=\"prometheus\",outcome=\"abandoned\"} 1"),
            std::string::npos);
}

TEST_F(PrometheusExporterTest, WithoutMemoryAPageBreaksOff) {
  start();
  send(0, {gauge({.name = "g"}, {number_point(1)})});
  const size_t taken = budget_.limit() - budget_.used() - 1000;
  ASSERT_TRUE(budget_.try_reserve(MemoryTerm::kMessages, taken));
  get(1);
  EXPECT_TRUE(is_broken_);
  budget_.release(MemoryTerm::kMessages, taken);
}

TEST_F(PrometheusExporterTest, OtherMethodsAreRefused) {
  start();
  EXPECT_EQ(get(0, {.method = "POST"}).reply.status, 405);
}

TEST_F(PrometheusExporterTest, ExpiredSeriesAreSweptWithoutAScrape) {
  start();
  send(0, {gauge({.name = "g"}, {number_point(1)})});
  const auto shows = [&](std::string_view line) {
    return metrics_.to_prometheus_text().find(line) != std::string::npos;
  };
  EXPECT_TRUE(shows("millrace_prometheus_series{exporter=\"prometheus\"} 1"));
  world_.run_for(6min);
  EXPECT_TRUE(shows("millrace_prometheus_series{exporter=\"prometheus\"} 0"));
  EXPECT_TRUE(shows("millrace_prometheus_expired_series{exporter=\"prometheus\"} 1"));
}

TEST_F(PrometheusExporterTest, ClosingCancelsWhatWaits) {
  start();
  std::vector<Outcome::Kind> seen;
  workers_[2]->loop->post([&] {
    const auto note = [&](Outcome outcome) { seen.push_back(outcome.kind); };
    workers_[2]->exporter->send_batch({.signal = Signal::kMetrics, .item_count = 1}, kNever, note);
    workers_[2]->exporter->close();
    EXPECT_EQ(seen.size(), 1u);
    workers_[2]->exporter->send_batch({.signal = Signal::kMetrics, .item_count = 1}, kNever, note);
  });
  EXPECT_TRUE(world_.run_until([&] { return seen.size() == 2; }, 1s));
  EXPECT_EQ(seen, (std::vector{Outcome::Kind::kCancelled, Outcome::Kind::kCancelled}));
}

}  // namespace
}  // namespace millrace::exporters
