#include "tests/sim/impostor.h"

#include <fmt/format.h>

#include <utility>

#include "base/check.h"

namespace millrace::sim_test {

Impostor::Impostor(io::Loop& loop, uint16_t port, const HostileHabits& habits, Coverage& coverage)
    : loop_(loop),
      habits_(habits),
      coverage_(coverage),
      second_(loop.make_timer([this] { on_second(); })) {
  auto listener = loop.listen({.port = port}, [this](std::unique_ptr<io::Stream> stream) {
    streams_.push_back(std::make_unique<HostileStream>(std::move(stream), habits_));
    coverage_.count(fmt::format("sink.impostor.{}", habits_.speech->name));
    coverage_.count(fmt::format("sink.impostor.{}", reading_name(habits_.reading)));
  });
  MILLRACE_CHECK(listener.has_value());
  listener_ = std::move(*listener);
  second_->arm_at(loop.now() + 1s);
}

Impostor::~Impostor() = default;

void Impostor::on_second() {
  std::erase_if(streams_, [](const auto& stream) { return stream->ended(); });
  for (const auto& stream : streams_) stream->on_second();
  second_->arm_at(loop_.now() + 1s);
}

}  // namespace millrace::sim_test
