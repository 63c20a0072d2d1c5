#include "extensions/console/history.h"

#include <string>
#include <utility>

namespace millrace::extensions::console {
namespace {

constexpr Duration kInterval = 5s;
constexpr size_t kSamplesMax = 15 * 60 / 5;

}  // namespace

History::History(io::Loop& loop, const Source& source)
    : loop_(loop), source_(source), timer_(loop.make_timer([this] { sample(); })) {
  timer_->arm_at(loop.now() + kInterval);
}

void History::sample() {
  const State state = source_.state();
  losses_.look(state);
  if (samples_.size() == kSamplesMax) samples_.pop_front();
  samples_.push_back(
      {.at = state.now, .sums = sum_by_signal(state), .memory_used = state.memory_used});
  timer_->arm_at(loop_.now() + kInterval);
}

void History::write(JsonWriter& json) const {
  json.open_object().key("interval_s").real(std::chrono::duration<double>(kInterval).count());
  json.key("at_ms").open_list();
  for (const Sample& sample : samples_) {
    json.signed_number(sample.at.time_since_epoch() / 1ms);
  }
  json.close_list().key("series").open_object();
  using Field = uint64_t SignalSums::*;
  constexpr std::pair<std::string_view, Field> kFields[] = {{"accepted", &SignalSums::accepted},
                                                            {"refused", &SignalSums::refused},
                                                            {"delivered", &SignalSums::delivered},
                                                            {"dropped", &SignalSums::dropped},
                                                            {"held", &SignalSums::held}};
  for (const Signal signal : kSignals) {
    for (const auto& [name, field] : kFields) {
      json.key(std::string(signal_name(signal)) + "." + std::string(name)).open_list();
      for (const Sample& sample : samples_) json.number(sample.sums[index_of(signal)].*field);
      json.close_list();
    }
  }
  json.key("memory.used_bytes").open_list();
  for (const Sample& sample : samples_) json.number(sample.memory_used);
  json.close_list().close_object().close_object();
}

}  // namespace millrace::extensions::console
