#include "tests/sim/hostile_stream.h"

#include <algorithm>
#include <array>
#include <utility>

namespace millrace::sim_test {
namespace {

// The limit of one call of the handler, so that it does not block its loop.
constexpr size_t kBytesAtOnce = 64 * 1024;

bool has(io::Interest interest, io::Interest what) {
  return (static_cast<unsigned>(interest) & static_cast<unsigned>(what)) != 0;
}

}  // namespace

const char* reading_name(Reading reading) {
  switch (reading) {
    case Reading::kEverything:
      return "reads_everything";
    case Reading::kNothing:
      return "reads_nothing";
    case Reading::kOneByteASecond:
      break;
  }
  return "reads_one_byte_a_second";
}

const char* pace_name(Pace pace) {
  return pace == Pace::kAsFastAsTaken ? "as_fast_as_taken" : "one_byte_a_second";
}

HostileStream::HostileStream(std::unique_ptr<io::Stream> stream, const HostileHabits& habits)
    : stream_(std::move(stream)), habits_(habits) {
  stream_->set_handler(this);
  update_interest();
}

void HostileStream::on_ready(io::Interest ready) {
  if (ended_) return;
  if (has(ready, io::Interest::kRead)) listen(kBytesAtOnce);
  if (!ended_ && has(ready, io::Interest::kWrite) && habits_.pace == Pace::kAsFastAsTaken) {
    say(kBytesAtOnce);
  }
  if (!ended_) update_interest();
}

void HostileStream::on_second() {
  if (ended_) return;
  if (habits_.reading == Reading::kOneByteASecond) listen(1);
  if (!ended_ && habits_.pace == Pace::kOneByteASecond && speaks()) say(1);
  if (!ended_) update_interest();
}

void HostileStream::listen(size_t bytes_max) {
  std::array<uint8_t, kBytesAtOnce> bytes;
  const io::IoResult result = stream_->read(std::span(bytes).first(bytes_max));
  if (result.outcome == io::IoOutcome::kOk) heard_ += result.count;
  if (result.outcome == io::IoOutcome::kEnd || result.outcome == io::IoOutcome::kError) end();
}

bool HostileStream::speaks() const {
  if (heard_ < habits_.speech->listens_bytes || said_ >= habits_.bytes_max) return false;
  return !waiting_.empty() || (!opened_ && habits_.speech->opening != nullptr) ||
         habits_.speech->again != nullptr;
}

void HostileStream::say(size_t bytes_max) {
  for (size_t left = bytes_max; left > 0 && speaks();) {
    if (waiting_.empty()) {
      if (!std::exchange(opened_, true) && habits_.speech->opening != nullptr) {
        waiting_ = habits_.speech->opening();
      } else if (habits_.speech->again != nullptr) {
        waiting_ = habits_.speech->again(round_++);
      }
      if (waiting_.empty()) return;
    }
    const iovec piece{waiting_.data(), std::min(left, waiting_.size())};
    const io::IoResult result = stream_->write({&piece, 1});
    if (result.outcome == io::IoOutcome::kError) end();
    if (result.outcome != io::IoOutcome::kOk) return;
    waiting_.erase(0, result.count);
    said_ += result.count;
    left -= result.count;
  }
}

void HostileStream::update_interest() {
  const bool reads = habits_.reading == Reading::kEverything;
  const bool writes = habits_.pace == Pace::kAsFastAsTaken && speaks();
  stream_->set_interest(reads && writes ? io::Interest::kReadWrite
                        : reads         ? io::Interest::kRead
                        : writes        ? io::Interest::kWrite
                                        : io::Interest::kNone);
}

void HostileStream::end() {
  ended_ = true;
  stream_->set_interest(io::Interest::kNone);
}

}  // namespace millrace::sim_test
