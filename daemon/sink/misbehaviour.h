// The sink's deliberate mistakes, chosen request by request.
#pragma once

#include <cstdint>
#include <optional>

#include "base/random.h"
#include "base/result.h"
#include "base/time.h"

namespace millrace::load {

// "Every n-th": 0 means never. When several apply to one request, the first of cut, hang, fail,
// refuse is used.
struct Misbehaviour {
  Duration delay = 0s;  // before each answer
  // A back end of limited speed: it processes one request after the other, at this number of items
  // a second, and answers each when it is done. 0: no limit.
  double items_per_second = 0;
  double refuse_probability = 0;
  Code refuse_code = Code::kUnavailable;
  std::optional<Duration> retry_after;  // sent with each refusal
  uint64_t fail_every = 0;              // answered with INTERNAL, which is final
  uint64_t hang_every = 0;              // never answered
  uint64_t cut_every = 0;               // all connections are closed instead of an answer
  uint64_t partial_count = 0;           // items of each request reported as rejected
  uint64_t seed = 1;
};

enum class Verdict : uint8_t { kAccept, kRefuse, kFail, kHang, kCut };

class MisbehaviourPlan {
 public:
  explicit MisbehaviourPlan(const Misbehaviour& options)
      : options_(options), random_(options.seed) {}
  // Returns the verdict for the next request.
  Verdict next() {
    ++requests_;
    const auto is_nth = [this](uint64_t every) { return every > 0 && requests_ % every == 0; };
    if (is_nth(options_.cut_every)) return Verdict::kCut;
    if (is_nth(options_.hang_every)) return Verdict::kHang;
    if (is_nth(options_.fail_every)) return Verdict::kFail;
    if (options_.refuse_probability > 0 && random_.chance(options_.refuse_probability)) {
      return Verdict::kRefuse;
    }
    return Verdict::kAccept;
  }

 private:
  const Misbehaviour options_;
  Random random_;
  uint64_t requests_ = 0;
};

}  // namespace millrace::load
