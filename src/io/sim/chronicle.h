// Records the events of a world: the trace hash and the number of faults of each kind.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <functional>
#include <string_view>

#include "io/sim/event_queue.h"
#include "io/sim/world.h"

namespace millrace::io::sim {

class Chronicle {
 public:
  explicit Chronicle(const EventQueue& events) : events_(events) {}
  void note(std::string_view what, uint64_t subject, uint64_t value) {
    // The length and the first bytes: sufficient to distinguish the kinds of events.
    uint64_t name = 0;
    std::memcpy(&name, what.data(), std::min(what.size(), sizeof name));
    mix(name + what.size());
    mix(static_cast<uint64_t>(events_.now().time_since_epoch().count()));
    mix(subject);
    mix(value);
    if (tracer) tracer(TraceEvent{events_.now(), what, subject, value});
  }
  // Counts a frequent fault without a line in the trace.
  void count_quietly(Fault fault) { ++faults_[static_cast<size_t>(fault)]; }
  void count(Fault fault, uint64_t subject, uint64_t value) {
    count_quietly(fault);
    note(fault_name(fault), subject, value);
  }
  uint64_t hash() const { return hash_; }
  uint64_t fault_count(Fault fault) const { return faults_[static_cast<size_t>(fault)]; }
  std::function<void(const TraceEvent&)> tracer;

 private:
  void mix(uint64_t value) { hash_ = (hash_ ^ value) * 0x100000001b3ULL + (hash_ >> 47); }

  const EventQueue& events_;
  uint64_t hash_ = 0xcbf29ce484222325ULL;
  std::array<uint64_t, kFaultCount> faults_{};
};

}  // namespace millrace::io::sim
