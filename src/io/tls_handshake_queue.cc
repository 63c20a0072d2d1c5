#include "io/tls_handshake_queue.h"

#include "base/check.h"
#include "io/address.h"

namespace millrace::io {

TlsHandshakeQueue::~TlsHandshakeQueue() { MILLRACE_CHECK(waiting_count_ == 0); }

bool TlsHandshakeQueue::has_time() {
  if (turn_ != loop_.now()) {
    turn_ = loop_.now();
    used_ = Duration::zero();
    steps_ = 0;
  }
  return used_ < kSlice && steps_ < kStepsPerTurn;
}

void TlsHandshakeQueue::run(Handshake& handshake) {
  ++steps_;
  const MonotonicTime before = loop_.read_clock();
  handshake.step();
  used_ += loop_.read_clock() - before;
}

void TlsHandshakeQueue::take_step(Handshake& handshake, std::string_view peer_address) {
  if (handshake.waits()) return;
  if (lines_.empty() && has_time()) return run(handshake);
  std::string peer = peer_group(peer_address);
  auto found = by_peer_.find(peer);
  if (found == by_peer_.end()) {
    lines_.push_back(Line{peer, {}});
    found = by_peer_.emplace(std::move(peer), std::prev(lines_.end())).first;
  }
  handshake.queue_ = this;
  handshake.line_ = found->second;
  handshake.at_ = handshake.line_->handshakes.insert(handshake.line_->handshakes.end(), &handshake);
  ++waiting_count_;
  run_later();
}

void TlsHandshakeQueue::run_later() {
  if (std::exchange(posted_, true)) return;
  loop_.post([this] {
    posted_ = false;
    run_waiting();
  });
}

void TlsHandshakeQueue::run_waiting() {
  while (!lines_.empty() && has_time()) {
    Handshake& handshake = *lines_.front().handshakes.front();
    lines_.splice(lines_.end(), lines_, lines_.begin());
    remove(handshake);
    run(handshake);
  }
  if (!lines_.empty()) run_later();
}

void TlsHandshakeQueue::remove(Handshake& handshake) {
  handshake.line_->handshakes.erase(handshake.at_);
  if (handshake.line_->handshakes.empty()) {
    by_peer_.erase(handshake.line_->peer);
    lines_.erase(handshake.line_);
  }
  handshake.queue_ = nullptr;
  --waiting_count_;
}

}  // namespace millrace::io
