#include "receivers/prometheus/target_scraper.h"

#include <algorithm>
#include <utility>

#include "compress/decompressor.h"
#include "receivers/prometheus/prometheus_units.h"
#include "receivers/prometheus/scrape_protocols.h"

namespace millrace::receivers::prometheus {
namespace {

// How much larger than its compressed form a body may be, for the estimate of its work.
constexpr size_t kRatioGuess = 10;
constexpr Duration kIdleMax = 5min;

size_t body_limit(const ScrapeOptions& options, const reception::ReceiverParts& parts) {
  const size_t limit = options.body_size_limit == 0 ? kBodyBytesMax : options.body_size_limit;
  return std::min(limit, parts.message_bytes_max);
}

FetchRequest request_of(const ScrapeOptions& options, const Target& target,
                        const reception::ReceiverParts& parts) {
  const auto seconds = std::chrono::duration<double>(target.timeout).count();
  std::string timeout = std::to_string(seconds);
  timeout.erase(timeout.find_last_not_of('0') + 1);
  if (timeout.ends_with('.')) timeout.pop_back();
  return {.fields = {{"accept", options.accept},
                     {"x-prometheus-scrape-timeout-seconds", std::move(timeout)}},
          .accepts_gzip = options.enable_compression,
          .body_bytes_max = body_limit(options, parts),
          .timeout = target.timeout,
          .idle_max = std::min<Duration>(2 * target.interval, kIdleMax)};
}

}  // namespace

TargetScraper::TargetScraper(const ScrapeWorld& world, const ScrapeOptions& options, Target target)
    : world_(world),
      options_(options),
      target_(std::move(target)),
      fetch_(*world.parts.loop, world.parts.pool->budget(), target_.url, options.http,
             request_of(options, target_, world.parts)),
      timer_(world.parts.loop->make_timer([this] { on_due(); })) {}

void TargetScraper::start() {
  due_at_ = world_.parts.loop->now() + time_to_next_scrape(target_, world_.parts.wall_clock());
  timer_->arm_at(due_at_);
}

void TargetScraper::stop() {
  is_stopped_ = true;
  timer_->disarm();
}

void TargetScraper::retire() {
  stop();
  is_retired_ = true;
  if (!is_reading_) end_series();
}

void TargetScraper::arm() {
  const MonotonicTime now = world_.parts.loop->now();
  do due_at_ += target_.interval;
  while (due_at_ <= now);
  timer_->arm_at(due_at_);
}

void TargetScraper::on_due() {
  arm();
  if (fetch_.is_under_way() || is_reading_) return world_.counters.add_skipped();
  asked_at_ = world_.parts.loop->now();
  asked_wall_ = world_.parts.wall_clock();
  if (refusal_) return on_response(fail(*refusal_));
  fetch_.start(
      [this](Result<transport::WebResponse> response) { on_response(std::move(response)); });
}

void TargetScraper::on_response(Result<transport::WebResponse> response) {
  if (is_stopped_) return;
  is_reading_ = true;
  const size_t size = response ? response->body.size() : 0;
  const bool is_gzip = response && !response->content_encoding.empty();
  // The response's memory is the fetch's until now.
  Reservation memory = Reservation::try_make(world_.parts.pool->budget(), MemoryTerm::kWork, size);
  if (size > 0 && !memory) {
    response = fail(Code::kUnavailable, "memory: no room for the response");
  }
  world_.parts.long_work->run(is_gzip ? size * kRatioGuess : size,
                              [self = shared_from_this(), response = std::move(response),
                               memory = std::move(memory)]() mutable { self->read(response); });
}

Result<Bytes> TargetScraper::plain_body(transport::WebResponse& response, Work& work) {
  if (response.content_encoding != "gzip") {
    return fail(Code::kInvalidArgument, "the body has the coding \"" + response.content_encoding +
                                            "\"; gzip was asked for");
  }
  // Of its own: work on another target's body may be suspended in the middle.
  compress::Decompressor decompressor;
  return decompressor.decompress(compress::Coding::kGzip, as_span(response.body), work,
                                 body_limit(options_, world_.parts));
}

void TargetScraper::read(Result<transport::WebResponse>& response) {
  Work work = world_.parts.long_work->work();
  const bool has_response = response.has_value();
  ScrapeResponse input{.body = std::string_view(),
                       .format = options_.fallback,
                       .time = asked_wall_,
                       .duration = world_.parts.loop->read_clock() - asked_at_};
  Bytes plain;
  if (!response) {
    input.body = fail(response.error());
  } else {
    input.format = format_of_content_type(response->content_type).value_or(options_.fallback);
    input.body = std::string_view(response->body);
    if (!response->content_encoding.empty()) {
      auto body = plain_body(*response, work);
      if (body) {
        plain = std::move(*body);
        input.body = plain.text();
      } else {
        input.body = fail(std::move(body.error()));
      }
    }
  }
  const auto summary = write_scrape(
      options_, target_, input, {.points_bytes_max = world_.parts.message_bytes_max}, memory_, work,
      [this](ScrapeBatch::Request request) { submit(std::move(request)); });
  is_reading_ = false;
  report(summary, has_response);
  if (is_retired_) end_series();
}

void TargetScraper::report(const Result<ScrapeSummary>& summary, bool has_response) {
  if (!summary) {
    world_.counters.count("memory");
    world_.parts.log->warn("a scrape was lost", {{"receiver", world_.parts.name},
                                                 {"target", target_.url_text()},
                                                 {"error", summary.error().message}});
    return;
  }
  if (!summary->is_remembered) world_.counters.add_forgotten();
  world_.counters.add_left_out(summary->left_out_count);
  if (summary->outcome) return world_.counters.count("");
  const Error& error = summary->outcome.error();
  const std::string_view word = failure_word(error, has_response);
  world_.counters.count(word);
  world_.parts.log->warn("Failed to scrape Prometheus endpoint", {{"receiver", world_.parts.name},
                                                                  {"target", target_.url_text()},
                                                                  {"reason", word},
                                                                  {"error", error.message}});
}

void TargetScraper::submit(ScrapeBatch::Request request) {
  if (is_stopped_ && !is_retired_) return;
  world_.requests.submit_fetched({.signal = Signal::kMetrics,
                                  .item_count = request.point_count,
                                  .bytes = Rope(std::move(request.bytes)),
                                  .metadata = nullptr,
                                  .completion = nullptr,
                                  .admitted_at = world_.parts.loop->now()},
                                 pipeline::Policy::kAccepted,
                                 world_.parts.loop->now() + target_.interval, 0,
                                 target_.url_text());
}

void TargetScraper::end_series() {
  if (memory_.empty()) return;
  is_reading_ = true;
  world_.parts.long_work->run(0, [self = shared_from_this()] {
    Work work = self->world_.parts.long_work->work();
    const Status written =
        write_end(self->options_, self->target_, self->world_.parts.wall_clock(), self->memory_,
                  work, [&](ScrapeBatch::Request request) { self->submit(std::move(request)); });
    if (!written) self->world_.counters.add_forgotten();
    self->is_reading_ = false;
  });
}

}  // namespace millrace::receivers::prometheus
