#include "io/epoll/epoll_loop.h"

#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>

#include "base/check.h"
#include "io/address.h"
#include "metrics/registry.h"

namespace millrace::io {

namespace {

constexpr int kDeferRoundsMax = 10'000;  // above: a task defers itself endlessly

MonotonicTime monotonic_now() {
  timespec time;
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return MonotonicTime(std::chrono::seconds(time.tv_sec) + Duration(time.tv_nsec));
}

uint64_t seed_or_random(uint64_t seed) {
  if (seed != 0) return seed;
  if (::getentropy(&seed, sizeof seed) != 0) {
    seed = static_cast<uint64_t>(monotonic_now().time_since_epoch().count());
  }
  return seed;
}

}  // namespace

EpollLoop::EpollLoop(EpollLoopOptions options)
    : options_(std::move(options)),
      random_(seed_or_random(options_.seed)),
      now_(monotonic_now()),
      mailbox_(std::make_shared<Mailbox>()),
      tls_linger_(std::make_unique<TlsLinger>(*this, options_.on_trouble)) {}

Status EpollLoop::open() {
  epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
  if (epoll_ < 0) return fail(system_error("creating an epoll descriptor", errno));
  if (Status opened = mailbox_->open(); !opened) return opened;
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = nullptr;  // the mailbox
  if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, mailbox_->descriptor(), &event) != 0) {
    return fail(system_error("watching the mailbox", errno));
  }
  return {};
}

EpollLoop::~EpollLoop() {
  drop_tasks();  // they may own streams and timers of this loop
  tls_linger_.reset();
  MILLRACE_CHECK(stream_count_ == 0);
  MILLRACE_CHECK(listener_count_ == 0);
  MILLRACE_CHECK(datagram_socket_count_ == 0);
  MILLRACE_CHECK(timers_.timer_count() == 0);
  MILLRACE_CHECK(resolutions_.empty());
  if (epoll_ >= 0) ::close(epoll_);
}

void EpollLoop::drop_tasks() {
  while (mailbox_->has_mail() || !posted_here_.empty() || !deferred_.empty()) {
    std::vector<Task> tasks;
    mailbox_->take(tasks);
    tasks.clear();
    std::exchange(posted_here_, {}).clear();
    std::exchange(deferred_, {}).clear();
  }
}

MonotonicTime EpollLoop::read_clock() const { return monotonic_now(); }

WallTime EpollLoop::wall_now() const {
  timespec time;
  ::clock_gettime(CLOCK_REALTIME, &time);
  return WallTime(std::chrono::seconds(time.tv_sec) + Duration(time.tv_nsec));
}

std::unique_ptr<Timer> EpollLoop::make_timer(Task on_expiry_repeatable) {
  return std::make_unique<HeapTimer>(timers_, std::move(on_expiry_repeatable));
}

void EpollLoop::post(Task task) {
  if (std::this_thread::get_id() == thread_.load(std::memory_order_relaxed)) {
    posted_here_.push_back(std::move(task));
  } else {
    mailbox_->post(std::move(task));
  }
}

void EpollLoop::run_here(Task task) {
  if (std::this_thread::get_id() == thread_.load(std::memory_order_relaxed)) {
    task();
  } else {
    mailbox_->post(std::move(task));
  }
}

void EpollLoop::stop() {
  stopping_.store(true, std::memory_order_relaxed);
  mailbox_->post([] {});
}

void EpollLoop::run() {
  while (!stopping_.load(std::memory_order_relaxed)) run_turn(Duration::max());
}

void EpollLoop::run_turn(Duration sleep_max) {
  thread_.store(std::this_thread::get_id(), std::memory_order_relaxed);
  collect_events(sleep_ms(sleep_max));
  now_ = monotonic_now();
  call_streams();
  accept_waiting();
  receive_waiting();
  timers_.fire_due(now_);
  run_posted();
  run_deferred();
  if (turns_ != nullptr) {
    turns_->record(std::chrono::duration<double>(monotonic_now() - now_).count());
  }
}

// The timeout for epoll_wait; -1: no limit. Rounded up, so that a timer is due afterwards.
int EpollLoop::sleep_ms(Duration sleep_max) {
  if (!due_streams_.empty() || !posted_here_.empty() || !deferred_.empty()) return 0;
  const MonotonicTime next = timers_.next_time();
  if (next != kNever) sleep_max = std::min(sleep_max, next - monotonic_now());
  if (sleep_max <= 0ns || !mailbox_->may_sleep()) return 0;
  if (sleep_max == Duration::max()) return -1;
  constexpr Duration kSleepMax = std::chrono::hours(1);
  return static_cast<int>(
      std::chrono::ceil<std::chrono::milliseconds>(std::min(sleep_max, kSleepMax)).count());
}

void EpollLoop::collect_events(int timeout_ms) {
  const int count = ::epoll_wait(epoll_, events_.data(), static_cast<int>(kEventsMax), timeout_ms);
  if (timeout_ms != 0) mailbox_->woke_up();
  MILLRACE_CHECK(count >= 0 || errno == EINTR);
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events_[static_cast<size_t>(i)];
    if (event.data.ptr == nullptr) {
      mailbox_->clear_descriptor();
    } else {
      static_cast<Pollable*>(event.data.ptr)->collect(event.events);
    }
  }
}

void EpollLoop::enqueue(EpollStream* stream) {
  stream->queued_ = true;
  due_streams_.push_back(stream);
}

void EpollLoop::forget(EpollStream* stream) {
  if (current_stream_ == stream) current_stream_ = nullptr;
  if (!stream->queued_) return;
  std::replace(due_streams_.begin(), due_streams_.end(), stream,
               static_cast<EpollStream*>(nullptr));
  std::replace(called_streams_.begin(), called_streams_.end(), stream,
               static_cast<EpollStream*>(nullptr));
}

void EpollLoop::call_streams() {
  std::swap(due_streams_, called_streams_);
  for (size_t i = 0; i < called_streams_.size(); ++i) {
    EpollStream* stream = called_streams_[i];
    if (stream == nullptr) continue;
    stream->queued_ = false;
    current_stream_ = stream;
    stream->call();
    // Level-triggered: the stream is called again in the next turn while it is ready.
    if (current_stream_ != nullptr) stream->enqueue_if_due();
  }
  current_stream_ = nullptr;
  called_streams_.clear();
}

void EpollLoop::accept_waiting() {
  while (!due_listeners_.empty()) {
    EpollListener* listener = due_listeners_.back();
    due_listeners_.pop_back();
    listener->accept_waiting();
  }
}

void EpollLoop::run_posted() {
  mailbox_->take(running_);
  if (running_.empty()) {
    std::swap(running_, posted_here_);
  } else {
    std::move(posted_here_.begin(), posted_here_.end(), std::back_inserter(running_));
    posted_here_.clear();
  }
  for (Task& task : running_) {
    task();
    task = nullptr;
  }
  running_.clear();
}

void EpollLoop::run_deferred() {
  for (int round = 0; !deferred_.empty(); ++round) {
    MILLRACE_CHECK(round < kDeferRoundsMax);
    std::swap(running_, deferred_);
    for (Task& task : running_) task();
    running_.clear();
  }
}

void EpollLoop::report(std::string_view what, const Error& error) {
  if (options_.on_trouble) options_.on_trouble(what, error);
}

Result<std::unique_ptr<Listener>> EpollLoop::listen(
    const ListenOptions& options, std::function<void(std::unique_ptr<Stream>)> on_accept) {
  if (options.tls != nullptr) {
    on_accept = accept_with_tls(*this, *tls_linger_, options.tls, std::move(on_accept));
  }
  auto listener = std::make_unique<EpollListener>(*this, std::move(on_accept));
  if (Status opened = listener->open(options); !opened) return fail(opened.error());
  return listener;
}

std::unique_ptr<Stream> EpollLoop::connect(const ConnectOptions& options) {
  std::unique_ptr<Stream> stream = std::make_unique<EpollStream>(*this, options.address);
  if (options.wrap) stream = options.wrap(std::move(stream));
  if (options.tls == nullptr) return stream;
  return std::make_unique<TlsStream>(*this, *tls_linger_, std::move(stream), options);
}

class EpollLoop::EpollResolution final : public Resolution {
 public:
  EpollResolution(EpollLoop& loop, uint64_t number) : loop_(loop), number_(number) {}
  ~EpollResolution() override { loop_.resolutions_.erase(number_); }

 private:
  EpollLoop& loop_;
  uint64_t number_;
};

std::unique_ptr<Loop::Resolution> EpollLoop::resolve(
    const std::string& host, uint16_t port,
    std::function<void(Result<std::vector<Address>>)> on_done) {
  const uint64_t number = next_resolution_++;
  resolutions_[number] = std::move(on_done);
  auto answer = [this, number](Result<std::vector<Address>> result) {
    const auto entry = resolutions_.find(number);
    if (entry == resolutions_.end()) return;  // cancelled
    const auto call = std::move(entry->second);
    resolutions_.erase(entry);
    call(std::move(result));
  };
  if (is_numeric_host(host) || is_unix_host(host)) {
    post([answer, address = Address{format_address(host, port)}] {
      answer(std::vector<Address>{address});
    });
  } else {
    if (!options_.resolver) options_.resolver = std::make_shared<Resolver>();
    // The task runs only while the loop exists; the mailbox may outlive the loop.
    options_.resolver->resolve(
        host, port, [mailbox = mailbox_, answer](Result<std::vector<Address>> result) {
          mailbox->post(
              [answer, result = std::move(result)]() mutable { answer(std::move(result)); });
        });
  }
  return std::make_unique<EpollResolution>(*this, number);
}

Result<std::unique_ptr<Loop>> make_epoll_loop(EpollLoopOptions options) {
  auto loop = std::make_unique<EpollLoop>(std::move(options));
  if (Status opened = loop->open(); !opened) return fail(opened.error());
  return loop;
}

}  // namespace millrace::io
