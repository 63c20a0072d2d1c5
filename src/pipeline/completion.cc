#include "pipeline/completion.h"

#include <algorithm>
#include <utility>

namespace millrace::pipeline {
namespace {

int badness(const Verdict& verdict) {
  if (!verdict.ok()) return verdict.retry_after ? 3 : 2;
  return verdict.rejected_count != 0 || !verdict.partial_message.empty() ? 1 : 0;
}

}  // namespace

Verdict worse_of(Verdict a, Verdict b) {
  const int difference = badness(a) - badness(b);
  if (difference != 0) return difference > 0 ? std::move(a) : std::move(b);
  if (badness(a) == 3) {
    a.retry_after = std::max(*a.retry_after, *b.retry_after);
  } else if (badness(a) == 1 && b.rejected_count > a.rejected_count) {
    return b;
  }
  return a;
}

Completion::~Completion() { delete worst_.load(std::memory_order_acquire); }

void Completion::note(std::unique_ptr<Verdict> verdict) {
  for (;;) {
    Verdict* none = nullptr;
    if (worst_.compare_exchange_strong(none, verdict.get(), std::memory_order_acq_rel)) {
      (void)verdict.release();
      return;
    }
    const std::unique_ptr<Verdict> other(worst_.exchange(nullptr, std::memory_order_acq_rel));
    if (other != nullptr) *verdict = worse_of(std::move(*other), std::move(*verdict));
  }
}

void Completion::settle(std::shared_ptr<Completion> completion, io::Loop& here, Verdict verdict) {
  if (badness(verdict) != 0) completion->note(std::make_unique<Verdict>(std::move(verdict)));
  settle(std::move(completion), here);
}

void Completion::settle(std::shared_ptr<Completion> completion, io::Loop& here) {
  settle_from(std::move(completion), &here);
}

void Completion::settle_from_anywhere(std::shared_ptr<Completion> completion, Verdict verdict) {
  completion->note(std::make_unique<Verdict>(std::move(verdict)));
  settle_from(std::move(completion), nullptr);
}

void Completion::settle_from(std::shared_ptr<Completion> completion, const io::Loop* here) {
  if (completion->owed_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  io::Loop& origin = completion->origin_;
  auto tell = [completion = std::move(completion)]() mutable {
    const std::unique_ptr<Verdict> worst(
        completion->worst_.exchange(nullptr, std::memory_order_acq_rel));
    VerdictCallback callback = std::move(completion->callback_);
    callback(worst != nullptr ? *worst : Verdict{});
  };
  if (&origin == here) {
    origin.defer(std::move(tell));
  } else {
    origin.post(std::move(tell));
  }
}

}  // namespace millrace::pipeline
