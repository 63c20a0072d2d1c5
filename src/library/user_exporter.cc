#include "library/user_exporter.h"

#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <deque>
#include <map>
#include <string>
#include <thread>
#include <utility>

#include "base/mutex.h"
#include "library/shared_batch.h"
#include "pipeline/exporter.h"

namespace millrace::library {
namespace {

using pipeline::Outcome;

Outcome outcome_of(const v1::ExportResult& result) {
  using Kind = v1::ExportResult::Kind;
  Outcome outcome;
  switch (result.kind) {
    case Kind::kDelivered:
      outcome.kind =
          result.rejected_count == 0 ? Outcome::Kind::kDelivered : Outcome::Kind::kPartial;
      outcome.rejected_count = result.rejected_count;
      break;
    case Kind::kRetry:
      outcome.kind = Outcome::Kind::kRetry;
      outcome.error = {Code::kUnavailable, result.message};
      if (result.retry_after_ms != 0) {
        outcome.retry_after = std::chrono::milliseconds(result.retry_after_ms);
      }
      break;
    case Kind::kRefused:
      outcome.kind = Outcome::Kind::kRefused;
      outcome.error = {Code::kInvalidArgument, result.message};
      break;
  }
  return outcome;
}

// Passes finished attempts to the loop while the loop exists.
class Answers {
 public:
  explicit Answers(io::Loop& loop) : loop_(&loop) {}
  void answer(uint64_t number, Outcome outcome, std::function<void(uint64_t, Outcome)> take) {
    const MutexLock lock(mutex_);
    if (loop_ == nullptr) return;
    loop_->post([number, outcome = std::move(outcome), take = std::move(take)]() mutable {
      take(number, std::move(outcome));
    });
  }
  void end() {
    const MutexLock lock(mutex_);
    loop_ = nullptr;
  }

 private:
  Mutex mutex_;  // locked once a batch
  io::Loop* loop_ MILLRACE_GUARDED_BY(mutex_);
};

// The thread and its pending jobs. Shared by the exporter's signals and the thread itself.
class JobThread : public std::enable_shared_from_this<JobThread> {
 public:
  struct Job {
    v1::BatchRef batch;
    v1::Exporter::Deadline deadline;
    std::function<void(Outcome)> done;
  };
  JobThread(std::shared_ptr<v1::Exporter> exporter, std::shared_ptr<ExporterThreads> threads)
      : exporter_(std::move(exporter)), threads_(std::move(threads)) {}

  Status start() {
    // Signals belong to the program: this thread blocks all of them.
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    Status status;
    threads_->begin();
    try {
      std::thread([self = shared_from_this()] { self->work(); }).detach();
    } catch (const std::exception& error) {
      threads_->end();
      status = fail(Code::kUnavailable, std::string("starting a thread: ") + error.what());
    }
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    return status;
  }
  void add(Job job) {
    const MutexLock lock(mutex_);
    jobs_.push_back(std::move(job));
    changed_.notify_one();
  }
  // Accepts no more jobs and discards pending ones.
  void end() {
    const MutexLock lock(mutex_);
    is_ending_ = true;
    jobs_.clear();
    changed_.notify_one();
  }

 private:
  void work() {
    pthread_setname_np(pthread_self(), "millrace-export");
    for (;;) {
      Job job;
      {
        const MutexLock lock(mutex_);
        while (!is_ending_ && jobs_.empty()) changed_.wait(mutex_);
        if (jobs_.empty()) break;
        job = std::move(jobs_.front());
        jobs_.pop_front();
      }
      // The loop has already answered a late job, and will retry it.
      if (std::chrono::steady_clock::now() < job.deadline) job.done(call(job));
    }
    try {
      exporter_->shutdown();
    } catch (...) {
      threads_->count_exception();
    }
    // Before end(): a thread that waits for the end may rely on the exporter's destruction.
    exporter_.reset();
    threads_->end();
  }

  Outcome call(const Job& job) {
    try {
      return outcome_of(exporter_->export_batch(job.batch, job.deadline));
    } catch (const std::exception& error) {
      threads_->count_exception();
      return {.kind = Outcome::Kind::kRetry,
              .error = {Code::kUnknown, std::string("the exporter threw: ") + error.what()}};
    } catch (...) {
      threads_->count_exception();
      return {.kind = Outcome::Kind::kRetry, .error = {Code::kUnknown, "the exporter threw"}};
    }
  }

  std::shared_ptr<v1::Exporter> exporter_;  // belongs to the thread once that runs
  const std::shared_ptr<ExporterThreads> threads_;
  Mutex mutex_;
  Condition changed_;
  std::deque<Job> jobs_ MILLRACE_GUARDED_BY(mutex_);
  bool is_ending_ MILLRACE_GUARDED_BY(mutex_) = false;
};

// Ends the thread when the exporter of the last signal is destroyed.
struct JobThreadOwner {
  explicit JobThreadOwner(std::shared_ptr<JobThread> one) : thread(std::move(one)) {}
  ~JobThreadOwner() { thread->end(); }
  JobThreadOwner(const JobThreadOwner&) = delete;
  JobThreadOwner& operator=(const JobThreadOwner&) = delete;
  const std::shared_ptr<JobThread> thread;
};

class UserExporter final : public pipeline::Exporter {
 public:
  UserExporter(io::Loop& loop, std::shared_ptr<JobThreadOwner> owner)
      : loop_(loop), owner_(std::move(owner)), answers_(std::make_shared<Answers>(loop)) {}
  ~UserExporter() override { answers_->end(); }

  void send_batch(pipeline::Batch batch, MonotonicTime deadline, Done done) override {
    const uint64_t number = next_number_++;
    Attempt& attempt = attempts_[number];
    attempt.done = std::move(done);
    auto shared = make_shared_batch(batch.signal, batch.item_count, std::move(batch.bytes));
    if (is_closed_) {
      loop_.defer([this, self = std::weak_ptr(alive_), number] {
        if (!self.expired()) finish(number, {.kind = Outcome::Kind::kCancelled});
      });
      return;
    }
    if (deadline != kNever) {
      attempt.timer = loop_.make_timer([this, number] {
        finish(number,
               {.kind = Outcome::Kind::kRetry,
                .error = {Code::kDeadlineExceeded, "the exporter has not returned in time"}});
      });
      attempt.timer->arm_at(deadline);
    }
    const auto left =
        deadline == kNever ? Duration(std::chrono::hours(24)) : deadline - loop_.now();
    // The task runs only while the loop runs, so this exporter or its token exists.
    auto take = [this, self = std::weak_ptr(alive_)](uint64_t which, Outcome outcome) {
      if (!self.expired()) finish(which, std::move(outcome));
    };
    owner_->thread->add({.batch = std::move(shared),
                         .deadline = std::chrono::steady_clock::now() + left,
                         .done = [answers = answers_, number, take](Outcome outcome) {
                           answers->answer(number, std::move(outcome), take);
                         }});
  }

  void close() override {
    is_closed_ = true;
    for (auto& [number, attempt] : std::exchange(attempts_, {})) {
      attempt.timer.reset();
      attempt.done({.kind = Outcome::Kind::kCancelled});
    }
  }
  std::string describe() const override { return "an exporter of the program itself"; }

 private:
  struct Attempt {
    Done done;
    std::unique_ptr<io::Timer> timer;
  };
  void finish(uint64_t number, Outcome outcome) {
    const auto found = attempts_.find(number);
    if (found == attempts_.end()) return;  // it was late, and its attempt is already answered
    Done done = std::move(found->second.done);
    attempts_.erase(found);
    done(std::move(outcome));
  }

  io::Loop& loop_;
  const std::shared_ptr<JobThreadOwner> owner_;  // shared by the signals of one exporter
  const std::shared_ptr<Answers> answers_;       // shared with the thread
  const std::shared_ptr<int> alive_ = std::make_shared<int>(0);  // tasks check whether it exists
  std::map<uint64_t, Attempt> attempts_;
  uint64_t next_number_ = 0;
  bool is_closed_ = false;
};

class UserExporterFactory final : public assembly::ExporterFactory {
 public:
  UserExporterFactory(std::shared_ptr<v1::Exporter> exporter,
                      std::shared_ptr<ExporterThreads> threads)
      : exporter_(std::move(exporter)), threads_(std::move(threads)) {}

  Result<std::unique_ptr<pipeline::Exporter>> make(const assembly::ExporterParts& parts,
                                                   Signal) override {
    std::shared_ptr<JobThreadOwner> owner = owner_.lock();
    if (owner == nullptr) {
      auto thread = std::make_shared<JobThread>(exporter_, threads_);
      if (Status started = thread->start(); !started) return fail(started.error());
      owner = std::make_shared<JobThreadOwner>(std::move(thread));
      owner_ = owner;
    }
    return std::make_unique<UserExporter>(parts.loop, std::move(owner));
  }

 private:
  const std::shared_ptr<v1::Exporter> exporter_;
  const std::shared_ptr<ExporterThreads> threads_;
  std::weak_ptr<JobThreadOwner> owner_;
};

}  // namespace

std::shared_ptr<assembly::ExporterFactory> make_user_exporter_factory(
    std::shared_ptr<v1::Exporter> exporter, std::shared_ptr<ExporterThreads> threads) {
  return std::make_shared<UserExporterFactory>(std::move(exporter), std::move(threads));
}

}  // namespace millrace::library
