#include "io/sim/sim_loop.h"

#include <algorithm>

#include "base/check.h"
#include "io/address.h"
#include "io/sim/running_host.h"

namespace millrace::io::sim {

namespace {
constexpr Duration kTurnMin = 1us;  // the duration of a turn
constexpr Duration kTurnMax = 5us;
constexpr int kDeferRoundsMax = 10'000;  // above: a task defers itself endlessly
// Midnight before the first OTLP release; an arbitrary date.
constexpr WallTime kWallStart{1'600'000'000s};
}  // namespace

SimLoop::SimLoop(Network& network, size_t host, uint64_t number,
                 std::map<uint64_t, SimLoop*>& registry)
    : network_(network),
      host_(host),
      number_(number),
      registry_(registry),
      random_(network.random.next()),
      tls_linger_(std::make_unique<TlsLinger>(*this, nullptr)) {
  registry_[number_] = this;
}

SimLoop::~SimLoop() {
  MILLRACE_CHECK(!in_turn_);
  drop_tasks();
  tls_linger_.reset();
  MILLRACE_CHECK(streams_.empty());
  MILLRACE_CHECK(listeners_.empty());
  MILLRACE_CHECK(timer_count_ == 0);
  MILLRACE_CHECK(resolutions_.empty());
  registry_.erase(number_);
}

void SimLoop::drop_tasks() {
  while (!posted_.empty() || !deferred_.empty()) {
    std::exchange(posted_, {}).clear();
    std::exchange(deferred_, {}).clear();
  }
}

WallTime SimLoop::wall_now() const {
  return kWallStart + now().time_since_epoch() + network_.wall_offset;
}

void SimLoop::run() {
  // Never called: the world runs its loops.
  MILLRACE_CHECK(false);
}

void SimLoop::post(Task task) {
  MILLRACE_CHECK(std::this_thread::get_id() == thread_);
  posted_.push_back(std::move(task));
  if (!in_turn_) want_turn_at(now());
}

void SimLoop::defer(Task task) {
  deferred_.push_back(std::move(task));
  if (!in_turn_) want_turn_at(now());
}

void SimLoop::want_turn_at(MonotonicTime when) {
  when = std::max({when, now(), stalled_until_});
  if (stopped_ || when >= next_turn_) return;
  next_turn_ = when;
  // Usually an earlier turn intervenes and the loop waits for the same timer again; its event is
  // still in the queue.
  if (std::ranges::find(turn_events_, when) != turn_events_.end()) return;
  turn_events_.push_back(when);
  network_.events.at(when, [registry = &registry_, number = number_, when] {
    const auto found = registry->find(number);
    if (found != registry->end()) found->second->on_turn_event(when);
  });
}

void SimLoop::on_turn_event(MonotonicTime when) {
  std::erase(turn_events_, when);
  if (next_turn_ <= when) turn();
}

void SimLoop::turn() {
  next_turn_ = kNever;
  if (stopped_) return;
  if (network_.random.chance(network_.faults.loop_stall)) {
    const Duration delay = network_.random_duration(1us, network_.faults.loop_stall_max);
    network_.chronicle.count(Fault::kLoopStall, number_, static_cast<uint64_t>(delay.count()));
    stalled_until_ = now() + delay;
    want_turn_at(stalled_until_);
    return;
  }
  const RunningHost running(host_);
  in_turn_ = true;
  network_.chronicle.note("turn", number_, changed_streams_.size());
  call_ready_streams();
  accept_waiting();
  fire_due_timers();
  run_posted();
  run_deferred();
  in_turn_ = false;
  want_next_turn();
}

void SimLoop::call_ready_streams() {
  if (changed_streams_.empty()) return;
  std::vector<uint64_t> order(changed_streams_.begin(), changed_streams_.end());
  for (size_t i = order.size(); i > 1; --i) {
    std::swap(order[i - 1], order[network_.random.below(i)]);
  }
  for (const uint64_t number : order) {
    auto found = streams_.find(number);
    if (found == streams_.end()) continue;
    found->second->call();
    // Level-triggered: the stream stays on the list while its handler should be called.
    found = streams_.find(number);
    if (found != streams_.end() && !found->second->wants_call()) changed_streams_.erase(number);
  }
}

void SimLoop::accept_waiting() {
  std::vector<uint64_t> order;
  for (const auto& [number, listener] : listeners_) {
    if (listener->wants_call()) order.push_back(number);
  }
  for (const uint64_t number : order) {
    auto found = listeners_.find(number);
    while (found != listeners_.end() && found->second->wants_call()) {
      found->second->accept_one();
      found = listeners_.find(number);
    }
  }
}

void SimLoop::fire_due_timers() {
  // Only the timers due at the start: a timer that arms itself for now waits for the next turn.
  std::vector<std::pair<MonotonicTime, uint64_t>> due;
  for (const auto& [key, timer] : armed_timers_) {
    if (key.first > now()) break;
    due.push_back(key);
  }
  for (const auto& key : due) {
    const auto found = armed_timers_.find(key);
    if (found != armed_timers_.end()) found->second->fire();
  }
}

void SimLoop::run_posted() {
  if (posted_.empty()) return;
  std::vector<Task> tasks = std::exchange(posted_, {});
  for (Task& task : tasks) {
    task();
    task = nullptr;
  }
}

void SimLoop::run_deferred() {
  for (int round = 0; !deferred_.empty(); ++round) {
    MILLRACE_CHECK(round < kDeferRoundsMax);
    std::vector<Task> tasks = std::exchange(deferred_, {});
    for (Task& task : tasks) task();
  }
}

void SimLoop::want_next_turn() {
  bool busy = !posted_.empty();
  for (auto i = changed_streams_.begin(); !busy && i != changed_streams_.end(); ++i) {
    busy = streams_.at(*i)->wants_call();
  }
  for (const auto& [number, listener] : listeners_) {
    busy = busy || listener->wants_call();
    if (listener->next_accept_at() != kNever) want_turn_at(listener->next_accept_at());
  }
  if (busy) want_turn_at(now() + network_.random_duration(kTurnMin, kTurnMax));
  if (!armed_timers_.empty()) {
    // A timer that is already due also waits for the next turn.
    want_turn_at(std::max(armed_timers_.begin()->first.first, now() + kTurnMin));
  }
}

SimTimer::SimTimer(SimLoop& loop, Task task) : loop_(loop), task_(std::move(task)) {
  ++loop_.timer_count_;
}

SimTimer::~SimTimer() {
  disarm();
  --loop_.timer_count_;
  if (destroyed_ != nullptr) *destroyed_ = true;
}

void SimTimer::arm_at(MonotonicTime when) {
  disarm();
  key_ = {when, loop_.next_object()};
  loop_.armed_timers_[key_] = this;
  armed_ = true;
  if (!loop_.in_turn_ && when != kNever) loop_.want_turn_at(when);
}

void SimTimer::disarm() {
  if (armed_) loop_.armed_timers_.erase(key_);
  armed_ = false;
}

void SimTimer::fire() {
  disarm();
  loop_.network().chronicle.note("timer", loop_.number_, key_.second);
  // The task may destroy this timer, and must not be destroyed while it runs.
  Task running = std::move(task_);
  bool destroyed = false;
  destroyed_ = &destroyed;
  running();
  if (destroyed) return;
  destroyed_ = nullptr;
  task_ = std::move(running);
}

std::unique_ptr<Timer> SimLoop::make_timer(Task on_expiry_repeatable) {
  return std::make_unique<SimTimer>(*this, std::move(on_expiry_repeatable));
}

Result<std::unique_ptr<Listener>> SimLoop::listen(
    const ListenOptions& options, std::function<void(std::unique_ptr<Stream>)> on_accept) {
  if (options.tls != nullptr) {
    on_accept = accept_with_tls(*this, *tls_linger_, options.tls, std::move(on_accept));
  }
  auto listener = std::make_unique<SimListener>(*this, options, std::move(on_accept));
  if (Status opened = listener->open(); !opened) return fail(opened.error());
  return listener;
}

std::unique_ptr<Stream> SimLoop::connect(const ConnectOptions& options) {
  std::unique_ptr<Stream> stream = std::make_unique<SimStream>(*this, options.address.text);
  if (options.wrap) stream = options.wrap(std::move(stream));
  if (options.tls == nullptr) return stream;
  return std::make_unique<TlsStream>(*this, *tls_linger_, std::move(stream), options);
}

class SimLoop::SimResolution final : public Resolution {
 public:
  SimResolution(SimLoop& loop, uint64_t number) : loop_(loop), number_(number) {}
  ~SimResolution() override { loop_.resolutions_.erase(number_); }

 private:
  SimLoop& loop_;
  uint64_t number_;
};

std::unique_ptr<Loop::Resolution> SimLoop::resolve(
    const std::string& host, uint16_t port,
    std::function<void(Result<std::vector<Address>>)> on_done) {
  const uint64_t number = next_object();
  resolutions_[number] = std::move(on_done);
  const bool fails = network_.random.chance(network_.faults.resolve_failure);
  const Duration delay = network_.random_duration(1us, network_.faults.resolve_max);
  network_.events.after(delay, [network = &network_, registry = &registry_, loop = number_, number,
                                host, port, fails] {
    const auto found = registry->find(loop);
    if (found == registry->end() || !found->second->resolutions_.contains(number)) return;
    SimLoop& owner = *found->second;
    Result<std::vector<Address>> result = std::vector<Address>{};
    if (fails) {
      network->chronicle.count(Fault::kResolveFailure, loop, 0);
      result = fail(Code::kUnavailable, "resolving \"" + host + "\": temporary failure");
    } else if (auto hosts = network->hosts.look_up(owner.host_, host); hosts) {
      for (const std::string& ip : *hosts) result->push_back(Address{format_address(ip, port)});
    } else {
      result = fail(hosts.error());
    }
    owner.post([&owner, number, answer = std::move(result)]() mutable {
      const auto entry = owner.resolutions_.find(number);
      if (entry == owner.resolutions_.end()) return;
      const auto on_done_now = std::move(entry->second);
      owner.resolutions_.erase(entry);
      on_done_now(std::move(answer));
    });
  });
  return std::make_unique<SimResolution>(*this, number);
}

}  // namespace millrace::io::sim
