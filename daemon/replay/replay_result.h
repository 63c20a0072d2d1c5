// The result of a replay, and its texts.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/signal.h"
#include "base/time.h"
#include "daemon/replay/frame_reader.h"

namespace millrace::replay {

struct Count {
  uint64_t requests = 0;
  uint64_t items = 0;
  void add(uint64_t item_count) { ++requests, items += item_count; }
};

// Every request that was read is in exactly one of accepted, refused, given_up, not_sent, empty and
// skipped; items that a partial success rejected are in rejected_items and not in accepted.items.
struct ReplayResult {
  Count accepted;
  Count refused;   // permanently
  Count given_up;  // no attempt was left after retryable answers or failures
  Count not_sent;  // the replay stopped earlier
  Count empty;     // without an item; not reported
  Count skipped;   // of another destination
  uint64_t rejected_items = 0;
  uint64_t retries = 0;
  uint64_t unreadable_count = 0;
  std::vector<Unreadable> unreadable;        // the first few
  std::map<std::string, uint64_t> refusals;  // requests by the last answer; the first few answers
  std::string warning;                       // the first partial success or warning
  std::string stopped_because;               // empty: it ran to the end
  uint64_t unwritten_rejected = 0;           // requests that are missing in --rejected
  Duration elapsed = 0s;
  // Dry run: "traces, dead letters of otlp_grpc/a: bad_data".
  std::map<std::string, Count> kinds;

  void note_unreadable(Unreadable one);
  void note_refusal(const std::string& answer);
  Count read() const;
  bool is_complete() const {
    return refused.requests + given_up.requests + not_sent.requests == 0 && rejected_items == 0 &&
           unreadable_count == 0 && unwritten_rejected == 0;
  }
};

std::string to_text(const ReplayResult& result, bool is_dry_run);
// One line.
std::string to_json(const ReplayResult& result, bool is_dry_run);

}  // namespace millrace::replay
