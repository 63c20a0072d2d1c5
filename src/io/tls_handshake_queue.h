// Handshakes on one loop that have a step to take. A step is a signature, a key agreement or the
// check of a certificate: 0.3 ms with P-256, 0.6 with RSA-2048, so a flood of greetings would block
// the loop. The queue gives the steps a slice of each turn. The others wait in one line for each
// peer, and the lines are served in turn: a sender waits for its own steps, not for those of a
// flood.
#pragma once

#include <cstddef>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

#include "io/loop.h"

namespace millrace::io {

class TlsHandshakeQueue {
 public:
  static constexpr Duration kSlice = 1ms;  // of a turn; the first step always runs
  static constexpr int kStepsPerTurn = 16;

  class Handshake;

  explicit TlsHandshakeQueue(Loop& loop) : loop_(loop) {}
  ~TlsHandshakeQueue();
  TlsHandshakeQueue(const TlsHandshakeQueue&) = delete;
  TlsHandshakeQueue& operator=(const TlsHandshakeQueue&) = delete;
  // Calls handshake.step(): at once if the turn has time left, otherwise in a later turn.
  void take_step(Handshake& handshake, std::string_view peer_address);
  size_t waiting_count() const { return waiting_count_; }

 private:
  // The waiting handshakes of one peer.
  struct Line {
    std::string peer;
    std::list<Handshake*> handshakes;
  };

  bool has_time();
  void run(Handshake& handshake);
  void run_waiting();
  void run_later();
  void remove(Handshake& handshake);

  Loop& loop_;
  MonotonicTime turn_ = kNever;  // the turn that the next two members belong to
  Duration used_{};
  int steps_ = 0;
  bool posted_ = false;
  size_t waiting_count_ = 0;
  std::list<Line> lines_;                                               // the next one is first
  std::unordered_map<std::string, std::list<Line>::iterator> by_peer_;  // never iterated
};

// One handshake. The destructor removes it from the queue.
class TlsHandshakeQueue::Handshake {
 public:
  virtual void step() = 0;  // may destroy this
  bool waits() const { return queue_ != nullptr; }
  void leave() {
    if (queue_ != nullptr) queue_->remove(*this);
  }

 protected:
  virtual ~Handshake() { leave(); }

 private:
  friend class TlsHandshakeQueue;
  TlsHandshakeQueue* queue_ = nullptr;  // null: not waiting
  std::list<Line>::iterator line_;
  std::list<Handshake*>::iterator at_;
};

}  // namespace millrace::io
