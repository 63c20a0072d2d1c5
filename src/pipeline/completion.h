// How a sender that waits for delivery hears of it. One Completion is shared by every queue its
// request lies in; each owes it one answer; the last answer runs the verdict on the worker that
// read the request.
//
// Under `accepted` there is none: a null pointer, no cost.
//
// Threads: owe_one_more and settle from any; the callback runs on the origin's loop, in a later
// turn or at the end of the current one, never inside the call that settled.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "io/loop.h"
#include "pipeline/verdict.h"

namespace millrace::pipeline {

class Completion {
 public:
  // `owed` answers are expected, at least one. `origin` must outlive the completion.
  Completion(io::Loop& origin, uint32_t owed, VerdictCallback callback)
      : origin_(origin), owed_(owed), callback_(std::move(callback)) {}
  ~Completion();
  Completion(const Completion&) = delete;
  Completion& operator=(const Completion&) = delete;

  // Sets the callback of a completion made without one, before its own answer is settled.
  void on_settled(VerdictCallback callback) { callback_ = std::move(callback); }
  // A payload was cut in two, so one more answer is owed. Only while one is still owed.
  void owe_one_more() { owed_.fetch_add(1, std::memory_order_relaxed); }

  // One answer. `here` is the loop this is called on. Takes the caller's share.
  static void settle(std::shared_ptr<Completion> completion, io::Loop& here);
  static void settle(std::shared_ptr<Completion> completion, io::Loop& here, Verdict verdict);
  // Where no loop is at hand.
  static void settle_from_anywhere(std::shared_ptr<Completion> completion, Verdict verdict);

 private:
  static void settle_from(std::shared_ptr<Completion> completion, const io::Loop* here);
  void note(std::unique_ptr<Verdict> verdict);

  io::Loop& origin_;
  // Answers still owed. Dropped acquire-release: the last one sees what the others noted.
  std::atomic<uint32_t> owed_;
  // The worst answer so far, owned; null while all is well. The thread that takes it out owns it,
  // so that merging needs no lock (acquire-release with each exchange).
  std::atomic<Verdict*> worst_{nullptr};
  VerdictCallback callback_;
};

// Which of two answers the sender should hear: a failure that may pass before one that is final
// (trying again can still save data), either before partial success, that before plain OK.
Verdict worse_of(Verdict a, Verdict b);

}  // namespace millrace::pipeline
