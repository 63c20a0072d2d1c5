#include "library/engine.h"

#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <future>
#include <map>
#include <utility>

#include "base/random.h"

namespace millrace::library {
namespace {

using v1::ErrorCode;
using SteadyTime = std::chrono::steady_clock::time_point;

// Longer timeouts become this one, so that arithmetic does not overflow.
constexpr std::chrono::nanoseconds kTimeoutMax = std::chrono::hours(24 * 365);
// The time after its deadline in which the loop may still answer itself, on a busy machine.
constexpr std::chrono::milliseconds kGrace(200);
constexpr std::chrono::seconds kStatisticsTimeout(5);

SteadyTime deadline_after(std::chrono::nanoseconds timeout) {
  return std::chrono::steady_clock::now() +
         std::clamp(timeout, std::chrono::nanoseconds(0), kTimeoutMax);
}

Duration left_until(SteadyTime deadline) {
  return std::max<Duration>(0ns, deadline - std::chrono::steady_clock::now());
}

uint64_t random_number() {
  const v1::SpanId id = v1::random_span_id();
  uint64_t number;
  static_assert(sizeof number == sizeof id);
  std::memcpy(&number, id.data(), sizeof number);
  return number;
}

v1::Error to_public(const Error& error) {
  const bool is_system = error.code == Code::kUnavailable || error.code == Code::kResourceExhausted;
  return {is_system ? ErrorCode::kUnavailable : ErrorCode::kInvalidArgument, error.message};
}

// Lines read "time  level  message …".
v1::LogLevel level_of(std::string_view line) {
  if (line.find("  error  ") != std::string_view::npos) return v1::LogLevel::kError;
  if (line.find("  warn  ") != std::string_view::npos) return v1::LogLevel::kWarn;
  if (line.find("  debug  ") != std::string_view::npos) return v1::LogLevel::kDebug;
  return v1::LogLevel::kInfo;
}

std::unique_ptr<Logger> make_logger(const LogOptions& options, const EnginePlan& plan) {
  if (!plan.log) return std::make_unique<Logger>(options, nullptr, [] { return int64_t{0}; });
  return std::make_unique<Logger>(
      options,
      [log = plan.log](std::string_view line) {
        if (line.ends_with('\n')) line.remove_suffix(1);
        try {
          log(level_of(line.substr(0, 60)), line);
        } catch (...) {  // an exception of the log function must not stop the loop
        }
      },
      [] { return static_cast<int64_t>(v1::now_unix_nano() / 1'000'000); });
}

// Waits for the result of a task on the loop. Nothing: too late, or the task was destroyed unrun.
template <class T>
std::optional<T> wait_for(std::future<T> future, SteadyTime deadline) {
  if (future.wait_until(deadline) != std::future_status::ready) return std::nullopt;
  try {
    return future.get();
  } catch (const std::future_error&) {
    return std::nullopt;
  }
}

}  // namespace

Engine::Engine(EnginePlan& plan)
    : encode_limits_(plan.encode), exporter_threads_(plan.exporter_threads) {
  log_ = make_logger(plan.plan.log, plan);
  LogOptions unsampled = plan.plan.log;
  unsampled.sampling_enabled = false;
  unsampled_log_ = make_logger(unsampled, plan);
  files_ = io::make_file_system();
  disk_ = io::make_disk();
}

v1::Result<std::unique_ptr<Engine>> Engine::create(EnginePlan plan) {
  try {
    std::unique_ptr<Engine> engine(new Engine(plan));
    auto loop = io::make_epoll_loop();
    if (!loop) return to_public(loop.error());
    engine->loop_ = std::move(*loop);
    auto collector = assembly::Collector::create(
        std::move(plan.plan),
        {.loops = {engine->loop_.get()},
         .log = engine->log_.get(),
         .unsampled_log = engine->unsampled_log_.get(),
         .files = engine->files_.get(),
         .wall_clock = [] { return WallTime(std::chrono::system_clock::now()); },
         .disk = engine->disk_.get(),
         .make_lane = [](const std::string& name) { return io::make_executor(name); }});
    if (!collector) return to_public(collector.error());
    engine->collector_ = std::move(*collector);
    if (v1::Status started = engine->start(plan); !started) {
      return v1::Error{started.code(), "the system has no thread for it"};
    }
    return engine;
  } catch (const std::exception& error) {
    return v1::Error{ErrorCode::kUnavailable, error.what()};
  }
}

v1::Status Engine::start(EnginePlan& plan) {
  const Prefix prefix(plan.resource, plan.scope_name, plan.scope_version);
  plan.buffer.prefix_bytes_max = prefix.bytes_max();
  buffer_ = {random_number(), std::make_shared<Buffer>(plan.buffer, [this] {
               loop_->post([this] { feeder_->wake(); });
             })};
  Feeder::Intakes intakes;
  for (size_t signal = 0; signal < kBufferedSignals; ++signal) {
    intakes[signal] = collector_->open_source(0, kSignals[signal]);
  }
  feeder_ = std::make_unique<Feeder>(*loop_, *buffer_.buffer, prefix, intakes, plan.feeder,
                                     [this] { collector_->flush_batches(0); });
  // Signals belong to the program: this thread, and those that it starts, block all of them.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  v1::Status status;
  try {
    thread_ = std::thread([loop = loop_.get()] {
      pthread_setname_np(pthread_self(), "millrace");
      loop->run();
    });
    loop_thread_.store(thread_.get_id(), std::memory_order_relaxed);
    const MutexLock lock(post_mutex_);
    takes_tasks_ = true;
  } catch (const std::system_error&) {
    const MutexLock lock(end_mutex_);
    is_over_ = true;
    status = ErrorCode::kUnavailable;
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return status;
}

Engine::~Engine() {
  if (feeder_ != nullptr) {
    static_cast<void>(shutdown(std::chrono::nanoseconds(0)));
    buffer_.buffer->end_waking();
    feeder_->drop_late();
    if (collector_ != nullptr) collector_->end();
  }
  collector_.reset();
}

v1::Status Engine::collect(Signal signal, const Item& item) {
  if (Buffer::Slot* slot = slot_of_this_thread(buffer_)) [[likely]] {
    return buffer_.buffer->collect(*slot, signal, item);
  }
  Buffer::Slot* slot = buffer_.buffer->join();
  if (slot == nullptr) return ErrorCode::kBufferFull;
  const v1::Status status = buffer_.buffer->collect(*slot, signal, item);
  buffer_.buffer->leave(*slot);
  return status;
}

v1::Status Engine::submit_request(Signal signal, std::span<const uint8_t> request, uint32_t items) {
  if (Buffer::Slot* slot = slot_of_this_thread(buffer_)) {
    return buffer_.buffer->submit_request(*slot, signal, request, items);
  }
  Buffer::Slot* slot = buffer_.buffer->join();
  if (slot == nullptr) return ErrorCode::kBufferFull;
  const v1::Status status = buffer_.buffer->submit_request(*slot, signal, request, items);
  buffer_.buffer->leave(*slot);
  return status;
}

bool Engine::post(io::Task task) {
  const MutexLock lock(post_mutex_);
  if (!takes_tasks_) return false;
  loop_->post(std::move(task));
  return true;
}

v1::Status Engine::flush(std::chrono::nanoseconds timeout) {
  if (is_on_loop_thread()) return ErrorCode::kInvalidArgument;
  const SteadyTime deadline = deadline_after(timeout);
  auto promise = std::make_shared<std::promise<Feeder::Outcome>>();  // shared with the loop's task
  std::future<Feeder::Outcome> future = promise->get_future();
  const bool is_posted = post([this, deadline, promise] {
    feeder_->flush(loop_->now() + left_until(deadline),
                   [promise](Feeder::Outcome outcome) { promise->set_value(outcome); });
  });
  if (!is_posted) return ErrorCode::kShutDown;
  promise.reset();
  const auto outcome = wait_for(std::move(future), deadline + kGrace);
  return outcome == Feeder::Outcome::kDone ? ErrorCode::kOk : ErrorCode::kDeadlineExceeded;
}

v1::Status Engine::shutdown(std::chrono::nanoseconds timeout) {
  if (is_on_loop_thread()) return ErrorCode::kInvalidArgument;
  const SteadyTime deadline = deadline_after(timeout);
  buffer_.buffer->close();
  if (!end_mutex_.try_lock_until(deadline + kGrace)) return ErrorCode::kDeadlineExceeded;
  const MutexLock lock(end_mutex_, std::adopt_lock);
  if (is_over_) return end_status_;
  drain(deadline);
  end_loop();
  exporter_threads_->wait_until(deadline);
  is_over_ = true;
  end_status_ = status_at_end();
  return end_status_;
}

// Submits all items; the destinations then send and retry until the deadline, and drop the rest.
void Engine::drain(SteadyTime deadline) {
  auto promise = std::make_shared<std::promise<bool>>();  // shared with the loop's tasks
  std::future<bool> future = promise->get_future();
  const bool is_posted = post([this, deadline, promise] {
    feeder_->finish(loop_->now() + left_until(deadline), [this, deadline, promise](auto) {
      collector_->drain(left_until(deadline), [promise] { promise->set_value(true); });
    });
  });
  promise.reset();
  if (is_posted) static_cast<void>(wait_for(std::move(future), deadline + kGrace));
}

void Engine::end_loop() {
  {
    const MutexLock lock(post_mutex_);
    takes_tasks_ = false;
  }
  buffer_.buffer->end_waking();
  // Posted behind all accepted tasks, so that they all run.
  loop_->post([this] { loop_->stop(); });
  thread_.join();
  loop_thread_.store(std::thread::id(), std::memory_order_relaxed);
  feeder_->drop_late();
  collector_->end();
}

v1::Status Engine::status_at_end() {
  v1::Statistics statistics;
  count(statistics);
  const uint64_t dropped =
      statistics.dropped(v1::DropReason::kDeadline) + statistics.dropped(v1::DropReason::kShutdown);
  return dropped == 0 ? ErrorCode::kOk : ErrorCode::kDeadlineExceeded;
}

v1::Statistics Engine::statistics() {
  v1::Statistics statistics;
  if (is_on_loop_thread()) {
    count(statistics);
    return statistics;
  }
  auto promise = std::make_shared<std::promise<v1::Statistics>>();  // shared with the loop's task
  std::future<v1::Statistics> future = promise->get_future();
  const bool is_posted = post([this, promise] {
    v1::Statistics counted;
    feeder_->gather();
    count(counted);
    promise->set_value(std::move(counted));
  });
  promise.reset();
  if (is_posted) {
    auto counted = wait_for(std::move(future), deadline_after(kStatisticsTimeout));
    if (counted) return std::move(*counted);
    buffer_.buffer->count(statistics);
    return statistics;
  }
  const MutexLock lock(end_mutex_);
  feeder_->drop_late();
  count(statistics);
  return statistics;
}

// Called on the loop, or after it has ended.
void Engine::count(v1::Statistics& into) {
  buffer_.buffer->count(into);
  for (size_t signal = 0; signal < kBufferedSignals; ++signal) {
    v1::SignalStatistics& sums = into.signals[signal];
    sums.buffered = feeder_->buffered(signal);
    for (size_t reason = 0; reason < v1::kDropReasonCount; ++reason) {
      sums.dropped_in_buffer[reason] += feeder_->dropped(signal)[reason];
    }
  }
  into.exporter_exceptions = exporter_threads_->exceptions();
  const ledger::Held held = collector_->held();
  std::map<std::pair<std::string, Signal>, const pipeline::Destination*> destinations;
  for (const auto& destination : collector_->destinations()) {
    destinations[{destination->options().name, destination->options().signal}] = destination.get();
  }
  for (const ledger::Account* account : collector_->ledger().accounts()) {
    if (account->signal() == Signal::kProfiles) continue;
    const ledger::AccountSnapshot snapshot = account->snapshot();
    v1::DestinationStatistics one;
    one.name = account->destination();
    one.signal = static_cast<v1::Signal>(index_of(account->signal()));
    one.recovered = snapshot.recovered.items;
    one.delivered = snapshot.delivered.items;
    one.rejected_by_peer = snapshot.rejected_by_peer.items;
    one.filtered = snapshot.filtered.items + snapshot.sampled_out.items;
    // Equal names in the same order.
    static_assert(v1::kDropReasonCount == ledger::kDropReasonCount);
    static_assert(static_cast<int>(v1::DropReason::kShutdown) ==
                  static_cast<int>(ledger::DropReason::kShutdown));
    for (size_t reason = 0; reason < v1::kDropReasonCount; ++reason) {
      one.dropped[reason] = snapshot.dropped[reason].items;
    }
    one.queued = held.of(*account).items + into.of(one.signal).buffered;
    const auto found = destinations.find({account->destination(), account->signal()});
    if (found != destinations.end()) {
      one.retries = found->second->numbers().retries;
      const pipeline::DestinationHealth health = found->second->health();
      if (health.consecutive_failures != 0) one.last_error = health.last_answer;
    }
    into.destinations.push_back(std::move(one));
  }
}

}  // namespace millrace::library
