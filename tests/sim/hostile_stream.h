// One connection of a hostile peer: writes its speech as fast as possible or a byte a second, and
// reads everything, nothing, or a byte a second.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "io/stream.h"
#include "tests/sim/hostile_speech.h"

namespace millrace::sim_test {

enum class Reading : uint8_t { kEverything, kNothing, kOneByteASecond };
enum class Pace : uint8_t { kAsFastAsTaken, kOneByteASecond };
const char* reading_name(Reading reading);  // "reads_nothing"
const char* pace_name(Pace pace);

struct HostileHabits {
  const Speech* speech = nullptr;
  Reading reading = Reading::kEverything;
  Pace pace = Pace::kAsFastAsTaken;
  // After this number of bytes it writes nothing, and stays open.
  size_t bytes_max = 0;
};

class HostileStream final : public io::StreamHandler {
 public:
  HostileStream(std::unique_ptr<io::Stream> stream, const HostileHabits& habits);
  // Call it once a second.
  void on_second();
  // Whether the other side has closed the connection, or the speech cannot continue.
  bool ended() const { return ended_; }
  size_t said_bytes() const { return said_; }

 private:
  void on_ready(io::Interest ready) override;
  void on_failed(const Error&) override { end(); }
  void listen(size_t bytes_max);
  void say(size_t bytes_max);
  // Whether there is something to write and writing is possible.
  bool speaks() const;
  void update_interest();
  void end();

  std::unique_ptr<io::Stream> stream_;
  const HostileHabits habits_;
  bool opened_ = false;
  uint32_t round_ = 0;
  std::string waiting_;  // produced, and not accepted by the stream
  size_t said_ = 0;
  size_t heard_ = 0;
  bool ended_ = false;
};

}  // namespace millrace::sim_test
