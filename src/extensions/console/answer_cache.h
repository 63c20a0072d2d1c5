// Answers that took long, to be given again: while nothing new arrived, and otherwise for ten times
// the time that they took. So a page that asks again and again costs the console a tenth of its
// thread at most. Bounded: kAnswersMax answers of kBytesMax each. On the console's loop.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string>

#include "io/loop.h"
#include "recent/store.h"
#include "transport/server/page.h"

namespace millrace::extensions::console {

class AnswerCache {
 public:
  static constexpr size_t kAnswersMax = 16;
  static constexpr size_t kBytesMax = 1 << 20;
  static constexpr Duration kLong = 5ms;

  // Both outlive it.
  AnswerCache(const io::Loop& loop, const recent::Store& store) : loop_(loop), store_(store) {}

  // `target`: path and query. `make` gives a 200 without a stream, or an error.
  transport::PageReply answer(const std::string& target,
                              const std::function<transport::PageReply()>& make);

 private:
  struct Kept {
    std::string target;
    std::string body;
    uint64_t newest = 0;  // of the store when it was made
    MonotonicTime until;
  };
  const io::Loop& loop_;
  const recent::Store& store_;
  std::deque<Kept> kept_;  // oldest first
};

}  // namespace millrace::extensions::console
