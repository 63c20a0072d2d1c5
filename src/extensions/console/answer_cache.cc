#include "extensions/console/answer_cache.h"

#include <algorithm>
#include <utility>

namespace millrace::extensions::console {

transport::PageReply AnswerCache::answer(const std::string& target,
                                         const std::function<transport::PageReply()>& make) {
  constexpr int kTimesItsCost = 10;
  const MonotonicTime begun = loop_.read_clock();
  const recent::Store::Numbers numbers = store_.numbers();
  const auto found = std::ranges::find(kept_, target, &Kept::target);
  if (found != kept_.end()) {
    const bool is_empty = numbers.requests == 0;  // everything was given back
    if (!is_empty && (found->newest == numbers.newest || begun < found->until)) {
      return {.status = 200, .content_type = "application/json", .body = found->body};
    }
    kept_.erase(found);
  }
  transport::PageReply reply = make();
  const MonotonicTime end = loop_.read_clock();
  if (reply.status != 200 || end - begun < kLong || reply.body.size() > kBytesMax) return reply;
  if (kept_.size() == kAnswersMax) kept_.pop_front();
  kept_.push_back({.target = target,
                   .body = reply.body,
                   .newest = numbers.newest,
                   .until = end + kTimesItsCost * (end - begun)});
  return reply;
}

}  // namespace millrace::extensions::console
