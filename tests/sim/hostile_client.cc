#include "tests/sim/hostile_client.h"

#include <fmt/format.h>

#include <utility>

namespace millrace::sim_test {

HostileClient::HostileClient(io::Loop& loop, std::string address,
                             const HostileClientScenario& scenario, Coverage& coverage)
    : loop_(loop),
      address_(std::move(address)),
      scenario_(scenario),
      coverage_(coverage),
      second_(loop.make_timer([this] { on_second(); })) {
  second_->arm_at(loop.now() + 1s);
}

HostileClient::~HostileClient() {
  for (const auto& stream : streams_) count(*stream);
}

void HostileClient::count(const HostileStream& stream) {
  if (stream.ended()) coverage_.count("hostile.connection_ended");
  if (stream.said_bytes() == 0) return;
  const HostileHabits& habits = scenario_.habits;
  for (const char* what :
       {habits.speech->name, reading_name(habits.reading), pace_name(habits.pace)}) {
    coverage_.count(fmt::format("hostile.{}", what));
  }
}

void HostileClient::on_second() {
  std::erase_if(streams_, [this](const auto& stream) {
    if (stream->ended()) count(*stream);
    return stream->ended();
  });
  while (streams_.size() < scenario_.connections && made_count_ < scenario_.connections_made_max) {
    connect();
  }
  for (const auto& stream : streams_) stream->on_second();
  second_->arm_at(loop_.now() + 1s);
}

void HostileClient::connect() {
  ++made_count_;
  io::ConnectOptions where;
  where.address.text = fmt::format("{}:{}", address_, scenario_.port);
  streams_.push_back(std::make_unique<HostileStream>(loop_.connect(where), scenario_.habits));
}

}  // namespace millrace::sim_test
