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

struct ReplayRun::Slot {
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
    auto slot = std::make_unique<Slot>();
    slot->pause = parts_.loop.make_timer([this, at = slot.get()] { attempt(*at); });
    free_.push_back(slot.get());
    slots_.push_back(std::move(slot));
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
  for (const auto& slot : slots_) {
    if (!slot->pause->armed()) continue;
    slot->pause->disarm();
    give_up(*slot, slot->last_answer);
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
    Slot& slot = *free_.back();
    free_.pop_back();
    begin(slot, *std::move(request));
  }
}

void ReplayRun::begin(Slot& slot, FoundRequest request) {
  if (options_.rate > 0) {
    const double seconds = static_cast<double>(request.item_count) / options_.rate;
    next_due_ = std::max(next_due_, parts_.loop.now()) +
                Duration(static_cast<int64_t>(std::min(seconds, 3600.0) * 1e9));
  }
  slot.request = std::move(request);
  slot.attempts = 0;
  attempt(slot);
}

void ReplayRun::attempt(Slot& slot) {
  ++slot.attempts;
  if (slot.attempts > 1) ++result_.retries;
  transport::ClientRequest request;
  request.signal = slot.request.signal;
  request.body = Rope(slot.request.bytes);
  if (options_.compression != compress::Coding::kIdentity) {
    if (auto compressed = compressor_.compress(request.body)) {
      request.body = Rope(*std::move(compressed));
      request.coding = options_.compression;
    }
  }
  if (slot.request.letter && !slot.request.letter->metadata.empty()) {
    request.metadata = std::make_shared<const Metadata>(
        Metadata{.entries = slot.request.letter->metadata, .client_address = {}});
  }
  request.deadline = parts_.loop.now() + options_.timeout;
  parts_.client->send(std::move(request), [this, &slot](const ClientAnswer& answer) {
    if (!finished_) on_answer(slot, answer);
  });
}

void ReplayRun::on_answer(Slot& slot, const ClientAnswer& answer) {
  if (load::is_ok(answer)) return accept(slot, answer);
  if (!load::is_retryable(answer)) return refuse(slot, answer);
  if (!result_.stopped_because.empty()) {
    give_up(slot, answer);
    return check_finished();
  }
  if (slot.attempts > options_.retries_max) {
    give_up(slot, answer);
    return stop(slot.attempts == 1
                    ? "a request was not accepted: " + load::describe(answer)
                    : "a request was not accepted after " + std::to_string(slot.attempts) +
                          " attempts: " + load::describe(answer));
  }
  slot.last_answer = answer;
  slot.pause->arm_at(parts_.loop.now() + pause_before_attempt(slot.attempts, answer));
}

void ReplayRun::accept(Slot& slot, const ClientAnswer& answer) {
  const uint64_t items = slot.request.item_count;
  const uint64_t rejected = std::min<uint64_t>(items, load::rejected_count(answer));
  result_.accepted.add(items - rejected);
  result_.rejected_items += rejected;
  if (result_.warning.empty()) result_.warning = load::partial_message(answer);
  release(slot);
}

void ReplayRun::refuse(Slot& slot, const ClientAnswer& answer) {
  result_.refused.add(slot.request.item_count);
  result_.note_refusal(load::describe(answer));
  parts_.rejected(slot.request, error_of(answer), "refused");
  release(slot);
}

// The caller checks whether this was the last request.
void ReplayRun::give_up(Slot& slot, const ClientAnswer& answer) {
  result_.given_up.add(slot.request.item_count);
  result_.note_refusal(load::describe(answer));
  parts_.rejected(slot.request, error_of(answer), "retry_expired");
  slot.request = {};
  free_.push_back(&slot);
  result_.elapsed = parts_.loop.now() - started_at_;
}

void ReplayRun::release(Slot& slot) {
  slot.request = {};
  free_.push_back(&slot);
  result_.elapsed = parts_.loop.now() - started_at_;
  fill_places();
  check_finished();
}

void ReplayRun::check_finished() {
  if (finished_ || !taking_ended_ || free_.size() != slots_.size()) return;
  finished_ = true;
  parts_.loop.post([done = std::move(parts_.finished)] { done(); });
}

}  // namespace millrace::replay
