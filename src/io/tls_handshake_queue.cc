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

void TlsHandshakeQueue::run(Place& place) {
  ++steps_;
  const MonotonicTime before = loop_.read_clock();
  place.step();
  used_ += loop_.read_clock() - before;
}

void TlsHandshakeQueue::take_step(Place& place, std::string_view peer_address) {
  if (place.waits()) return;
  if (lines_.empty() && has_time()) return run(place);
  std::string peer = peer_group(peer_address);
  auto found = by_peer_.find(peer);
  if (found == by_peer_.end()) {
    lines_.push_back(Line{peer, {}});
    found = by_peer_.emplace(std::move(peer), std::prev(lines_.end())).first;
  }
  place.queue_ = this;
  place.line_ = found->second;
  place.at_ = place.line_->places.insert(place.line_->places.end(), &place);
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
    Place& place = *lines_.front().places.front();
    lines_.splice(lines_.end(), lines_, lines_.begin());
    remove(place);
    run(place);
  }
  if (!lines_.empty()) run_later();
}

void TlsHandshakeQueue::remove(Place& place) {
  place.line_->places.erase(place.at_);
  if (place.line_->places.empty()) {
    by_peer_.erase(place.line_->peer);
    lines_.erase(place.line_);
  }
  place.queue_ = nullptr;
  --waiting_count_;
}

}  // namespace millrace::io
