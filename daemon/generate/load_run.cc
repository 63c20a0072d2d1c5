#include "daemon/generate/load_run.h"

#include <algorithm>
#include <utility>

#include "daemon/otlp_client/answers.h"

namespace millrace::load {
namespace {

using transport::ClientAnswer;

// The pause after a request that could not be sent; without it a closed loop would spin.
constexpr Duration kPauseAfterFailure = 100ms;
constexpr Duration kRetryDelay = 100ms;
constexpr Duration kRetryDelayMax = 5s;

}  // namespace

struct LoadRun::Slot {
  transport::Client* client = nullptr;
  // The chunks of the last two requests are overwritten in turn, because a client may still hold
  // a request when it reports the answer.
  ChunkRef chunk;
  ChunkRef previous_chunk;
  Bytes body;
  uint64_t first_sequence = 0;
  MonotonicTime begun_at{};  // in an open loop: when it was due
  uint32_t attempts = 0;
  std::unique_ptr<io::Timer> pause;  // before a retry, or before the slot is free again
  bool retry_pending = false;
};

LoadRun::LoadRun(io::Loop& loop, const GenerateOptions& options, Clients clients,
                 std::function<void()> on_finished)
    : loop_(loop),
      options_(options),
      template_(make_payload_template(options.signal, options.format, options.items_per_request,
                                      options.seed)),
      clients_(std::move(clients)),
      on_finished_(std::move(on_finished)),
      compressor_(options.compression, compress::kDefaultLevel),
      next_sequence_(options.first_sequence) {
  result_.request_bytes = template_.size();
  // The slots of all connections alternate, so that a few requests are spread over all of them.
  for (uint32_t stream = 0; stream < options_.streams; ++stream) {
    for (const auto& client : clients_) {
      auto slot = std::make_unique<Slot>();
      slot->client = client.get();
      free_.push_back(slot.get());
      slots_.push_back(std::move(slot));
    }
  }
  std::reverse(free_.begin(), free_.end());  // slots are taken from the back
  pace_timer_ = loop_.make_timer([this] { fill_places(); });
  end_timer_ = loop_.make_timer([this] { end_sending(); });
}

LoadRun::~LoadRun() {
  finished_ = true;  // the clients' destructors still answer requests in flight
  clients_.clear();
}

void LoadRun::start() {
  started_at_ = loop_.now();
  if (options_.rate > 0) pacer_.emplace(started_at_, options_.rate / options_.items_per_request);
  if (options_.duration > 0s) end_timer_->arm_at(started_at_ + options_.duration);
  fill_places();
}

void LoadRun::end_sending() {
  if (sending_ended_) return;
  sending_ended_ = true;
  pace_timer_->disarm();
  end_timer_->disarm();
  if (pacer_) {
    result_.behind_schedule = pacer_->backlog(loop_.now()) * template_.item_count();
    // A request that is due just now is not late.
    if (result_.behind_schedule <= template_.item_count()) result_.behind_schedule = 0;
  }
  check_finished();
}

void LoadRun::fill_places() {
  while (sending() && !free_.empty()) {
    MonotonicTime due = loop_.now();
    if (pacer_) {
      if (!pacer_->due(loop_.now())) break;
      due = pacer_->take();
    }
    Slot& slot = *free_.back();
    free_.pop_back();
    begin_request(slot, due);
    if (options_.total > 0 && result_.sent >= options_.total) end_sending();
  }
  if (sending() && pacer_ && !free_.empty()) pace_timer_->arm_at(pacer_->next_due());
}

void LoadRun::begin_request(Slot& slot, MonotonicTime due) {
  slot.begun_at = due;
  slot.attempts = 0;
  slot.first_sequence = next_sequence_;
  std::swap(slot.chunk, slot.previous_chunk);
  slot.body = template_.make_request(options_.generator_id, next_sequence_,
                                     loop_.wall_now() - (loop_.now() - due), slot.chunk);
  next_sequence_ += template_.item_count();
  result_.sent += template_.item_count();
  ++result_.requests;
  attempt(slot);
}

Rope LoadRun::encode(const Bytes& body) {
  Rope plain(body);
  if (compressor_.coding() == compress::Coding::kIdentity) return plain;
  auto compressed = compressor_.compress(plain);
  return compressed ? Rope(*std::move(compressed)) : Rope();
}

void LoadRun::attempt(Slot& slot) {
  ++slot.attempts;
  transport::ClientRequest request;
  request.signal = options_.signal;
  request.body = encode(slot.body);
  request.coding = options_.compression;
  request.deadline = loop_.now() + options_.timeout;
  slot.client->send(std::move(request),
                    [this, &slot](ClientAnswer answer) { on_answer(slot, std::move(answer)); });
}

void LoadRun::on_answer(Slot& slot, ClientAnswer answer) {
  if (finished_) return;
  const bool again =
      !is_ok(answer) && is_retryable(answer) && slot.attempts <= options_.retries_max;
  if (answer.kind == ClientAnswer::Kind::kAnswered && !is_ok(answer) && is_retryable(answer)) {
    result_.refusals.add(answer.code, answer.http_status, answer.retry_after);
  }
  if (!again) settle(slot, answer);
  const bool rests = answer.kind == ClientAnswer::Kind::kNotSent;
  if (!again && !rests) return release(slot);
  Duration delay = kPauseAfterFailure;
  if (again) {
    ++result_.retries;
    delay =
        std::min<Duration>(kRetryDelay * (1 << std::min(slot.attempts - 1, 10u)), kRetryDelayMax);
    delay = answer.retry_after.value_or(delay);
  }
  slot.retry_pending = again;
  if (slot.pause == nullptr) {
    slot.pause = loop_.make_timer([this, &slot] {
      if (slot.retry_pending) {
        attempt(slot);
      } else {
        release(slot);
      }
    });
  }
  slot.pause->arm_at(loop_.now() + delay);
}

void LoadRun::settle(Slot& slot, const ClientAnswer& answer) {
  const uint64_t items = template_.item_count();
  if (is_ok(answer)) {
    const uint64_t rejected = std::min(items, rejected_count(answer));
    result_.ok += items - rejected;
    result_.rejected += rejected;
    result_.latency.record(loop_.now() - slot.begun_at);
    if (rejected == 0 && on_acknowledged_) {
      on_acknowledged_({options_.generator_id, slot.first_sequence}, items);
    }
  } else {
    (answer.kind == ClientAnswer::Kind::kAnswered && is_retryable(answer) ? result_.refused
                                                                          : result_.failed) +=
        items;
    if (answer.kind != ClientAnswer::Kind::kAnswered) result_.unanswered += items;
    if (result_.first_error.empty()) result_.first_error = describe(answer);
  }
  result_.elapsed = loop_.now() - started_at_;
}

void LoadRun::release(Slot& slot) {
  slot.body = Bytes();
  free_.push_back(&slot);
  fill_places();
  check_finished();
}

void LoadRun::check_finished() {
  if (finished_ || !sending_ended_ || free_.size() != slots_.size()) return;
  finished_ = true;
  result_.cpu_seconds = own_cpu_seconds();
  loop_.post([done = std::move(on_finished_)] { done(); });
}

}  // namespace millrace::load
