#include <utility>

#include "transport/client/client_connection.h"

namespace millrace::transport {

ConnectAttempt::ConnectAttempt(io::Loop& loop, const io::ConnectOptions& where, Duration limit,
                               Done done)
    : done_(std::move(done)), stream_(loop.connect(where)) {
  timer_ = loop.make_timer(
      [this] { on_failed({Code::kUnavailable, "no connection within the time limit"}); });
  timer_->arm_at(loop.now() + limit);
  stream_->set_handler(this);
  stream_->set_interest(io::Interest::kWrite);
}

void ConnectAttempt::cancel() {
  timer_->disarm();
  done_ = nullptr;
}

void ConnectAttempt::on_ready(io::Interest) {
  if (!done_) return;
  timer_->disarm();
  stream_->set_interest(io::Interest::kNone);
  Done done = std::move(done_);
  done(std::move(stream_));
}

void ConnectAttempt::on_failed(const Error& error) {
  if (!done_) return;
  timer_->disarm();
  Done done = std::move(done_);
  // A copy: the error may live in the stream, which goes away with this attempt.
  done(fail(Error(error)));
}

}  // namespace millrace::transport
