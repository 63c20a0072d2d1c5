// Batches of an exporter that reads them and has them then: each is read as long work and answered
// as delivered. One worker's loop.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <utility>

#include "io/long_work.h"
#include "pipeline/answers.h"

namespace millrace::pipeline {

class TakenBatches {
 public:
  using Read = std::function<void(const Batch&, Work&)>;
  TakenBatches(io::Loop& loop, io::LongWork& long_work, Read read)
      : long_work_(long_work), read_(std::move(read)), answers_(loop) {}

  // Exporter::send_batch.
  void take(Batch batch, Exporter::Done done) {
    if (is_closed_) return answers_.add(std::move(done), {.kind = Outcome::Kind::kCancelled});
    const uint64_t id = next_id_++;
    reading_.emplace(id, std::move(done));
    const size_t size = batch.bytes.size();
    long_work_.run(size, [this, id, batch = std::move(batch)] {
      Work work = long_work_.work();
      read_(batch, work);
      auto read = reading_.extract(id);
      if (!read.empty()) answers_.add(std::move(read.mapped()), {});
    });
  }
  // Exporter::close.
  void close() {
    answers_.flush();
    if (std::exchange(is_closed_, true)) return;
    for (auto& [id, done] : std::exchange(reading_, {})) {
      done({.kind = Outcome::Kind::kCancelled});
    }
  }
  bool is_closed() const { return is_closed_; }

 private:
  io::LongWork& long_work_;
  const Read read_;
  Answers answers_;
  std::map<uint64_t, Exporter::Done> reading_;
  uint64_t next_id_ = 0;
  bool is_closed_ = false;
};

}  // namespace millrace::pipeline
