#include "daemon/replay/replay_run.h"

#include <algorithm>
#include <utility>

#include "daemon/otlp_client/answers.h"

namespace millrace::replay {
namespace {

using transport::ClientAnswer;

constexpr Duration kRetryDelay = 100ms;
constexpr Duration kRetryDelayMax = 5s;
// A peer that requests a longer delay ends the replay.
constexpr Duration kRetryAfterMax = 2min;

Duration pause_before_attempt(uint32_t attempts, const ClientAnswer& answer) {
  const Duration back_off =
      std::min<Duration>(kRetryDelay * (1 << std::min(attempts - 1, 10u)), kRetryDelayMax);
  return std::min<Duration>(std::max(back_off, answer.retry_after.value_or(0s)), kRetryAfterMax);
}

Error error_of(const ClientAnswer& answer) {
  if (answer.kind == ClientAnswer::Kind::kAnswered) return {answer.code, answer.message};
  return {Code::kUnavailable, load::describe(answer)};
}

}  // namespace

struct ReplayRun::Place {
  FoundRequest request;
  uint32_t attempts = 0;
  ClientAnswer last_answer;
  std::unique_ptr<io::Timer> pause;  // armed: waits for a retry
};

ReplayRun::ReplayRun(Parts parts, const ReplayOptions& options, ReplayResult& result)
    : parts_(std::move(parts)),
      options_(options),
      result_(result),
      compressor_(options.compression, compress::kDefaultLevel) {
  for (uint32_t i = 0; i < options_.streams; ++i) {
    auto place = std::make_unique<Place>();
    place->pause = parts_.loop.make_timer([this, at = place.get()] { attempt(*at); });
    free_.push_back(place.get());
    places_.push_back(std::move(place));
  }
  pace_timer_ = parts_.loop.make_timer([this] {
    fill_places();
    check_finished();
  });
}

ReplayRun::~ReplayRun() {
  finished_ = true;  // the client's destructor still answers requests in flight
  parts_.client.reset();
}

void ReplayRun::start() {
  started_at_ = next_due_ = parts_.loop.now();
  fill_places();
  check_finished();
}

void ReplayRun::stop(const std::string& why) {
  if (result_.stopped_because.empty()) result_.stopped_because = why;
  taking_ended_ = true;
  pace_timer_->disarm();
  for (const auto& place : places_) {
    if (!place->pause->armed()) continue;
    place->pause->disarm();
    give_up(*place, place->last_answer);
  }
  check_finished();
}

void ReplayRun::fill_places() {
  while (!taking_ended_ && !free_.empty()) {
    if (options_.rate > 0 && next_due_ > parts_.loop.now()) {
      pace_timer_->arm_at(next_due_);
      return;
    }
    std::optional<FoundRequest> request = parts_.next();
    if (!request) {
      taking_ended_ = true;
      break;
    }
    Place& place = *free_.back();
    free_.pop_back();
    begin(place, *std::move(request));
  }
}

void ReplayRun::begin(Place& place, FoundRequest request) {
  if (options_.rate > 0) {
    const double seconds = static_cast<double>(request.item_count) / options_.rate;
    next_due_ = std::max(next_due_, parts_.loop.now()) +
                Duration(static_cast<int64_t>(std::min(seconds, 3600.0) * 1e9));
  }
  place.request = std::move(request);
  place.attempts = 0;
  attempt(place);
}

void ReplayRun::attempt(Place& place) {
  ++place.attempts;
  if (place.attempts > 1) ++result_.retries;
  transport::ClientRequest request;
  request.signal = place.request.signal;
  request.body = Rope(place.request.bytes);
  if (options_.compression != compress::Coding::kIdentity) {
    if (auto compressed = compressor_.compress(request.body)) {
      request.body = Rope(*std::move(compressed));
      request.coding = options_.compression;
    }
  }
  if (place.request.letter && !place.request.letter->metadata.empty()) {
    request.metadata = std::make_shared<const Metadata>(
        Metadata{.entries = place.request.letter->metadata, .client_address = {}});
  }
  request.deadline = parts_.loop.now() + options_.timeout;
  parts_.client->send(std::move(request), [this, &place](const ClientAnswer& answer) {
    if (!finished_) on_answer(place, answer);
  });
}

void ReplayRun::on_answer(Place& place, const ClientAnswer& answer) {
  if (load::is_ok(answer)) return accept(place, answer);
  if (!load::is_retryable(answer)) return refuse(place, answer);
  if (!result_.stopped_because.empty()) {
    give_up(place, answer);
    return check_finished();
  }
  if (place.attempts > options_.retries_max) {
    give_up(place, answer);
    return stop(place.attempts == 1
                    ? "a request was not accepted: " + load::describe(answer)
                    : "a request was not accepted after " + std::to_string(place.attempts) +
                          " attempts: " + load::describe(answer));
  }
  place.last_answer = answer;
  place.pause->arm_at(parts_.loop.now() + pause_before_attempt(place.attempts, answer));
}

void ReplayRun::accept(Place& place, const ClientAnswer& answer) {
  const uint64_t items = place.request.item_count;
  const uint64_t rejected = std::min<uint64_t>(items, load::rejected_count(answer));
  result_.accepted.add(items - rejected);
  result_.rejected_items += rejected;
  if (result_.warning.empty()) result_.warning = load::partial_message(answer);
  release(place);
}

void ReplayRun::refuse(Place& place, const ClientAnswer& answer) {
  result_.refused.add(place.request.item_count);
  result_.note_refusal(load::describe(answer));
  parts_.rejected(place.request, error_of(answer), "refused");
  release(place);
}

// The caller checks whether this was the last request.
void ReplayRun::give_up(Place& place, const ClientAnswer& answer) {
  result_.given_up.add(place.request.item_count);
  result_.note_refusal(load::describe(answer));
  parts_.rejected(place.request, error_of(answer), "retry_expired");
  place.request = {};
  free_.push_back(&place);
  result_.elapsed = parts_.loop.now() - started_at_;
}

void ReplayRun::release(Place& place) {
  place.request = {};
  free_.push_back(&place);
  result_.elapsed = parts_.loop.now() - started_at_;
  fill_places();
  check_finished();
}

void ReplayRun::check_finished() {
  if (finished_ || !taking_ended_ || free_.size() != places_.size()) return;
  finished_ = true;
  parts_.loop.post([done = std::move(parts_.finished)] { done(); });
}

}  // namespace millrace::replay
