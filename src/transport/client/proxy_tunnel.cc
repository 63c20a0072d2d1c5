#include "transport/client/proxy_tunnel.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/bytes.h"

namespace millrace::transport {
namespace {

constexpr size_t kAnswerBytesMax = 16 * 1024;
// The part of the proxy's status line that a message shows.
constexpr size_t kShownBytesMax = 200;

// "HTTP/1.1 407 Proxy Authentication Required" is 407; what is no status line is 0.
int status_of(std::string_view line) {
  if (!line.starts_with("HTTP/1.") || line.size() < 12 || line[8] != ' ') return 0;
  int status = 0;
  for (const char digit : line.substr(9, 3)) {
    if (digit < '0' || digit > '9') return 0;
    status = 10 * status + (digit - '0');
  }
  return status;
}

std::string shown(std::string_view text) {
  std::string made(text.substr(0, kShownBytesMax));
  std::ranges::replace_if(made, [](char c) { return c < ' ' || c > '~'; }, '?');
  return made;
}

}  // namespace

ProxyTunnel::ProxyTunnel(std::unique_ptr<io::Stream> proxy, std::string target,
                         std::string_view authorization)
    : proxy_(std::move(proxy)),
      target_(std::move(target)),
      question_("CONNECT " + target_ + " HTTP/1.1\r\nHost: " + target_ + "\r\n"),
      error_{Code::kOk, ""} {
  if (!authorization.empty()) {
    question_.append("Proxy-Authorization: ").append(authorization).append("\r\n");
  }
  question_ += "\r\n";
  proxy_->set_handler(this);
  proxy_->set_interest(io::Interest::kWrite);
}

void ProxyTunnel::set_handler(io::StreamHandler* handler) {
  handler_ = handler;
  if (phase_ == Phase::kOpen) proxy_->set_handler(handler);
}

void ProxyTunnel::set_interest(io::Interest interest) {
  interest_ = interest;
  if (phase_ == Phase::kOpen) proxy_->set_interest(interest);
}

io::IoResult ProxyTunnel::read(std::span<uint8_t> into) {
  if (phase_ == Phase::kOpen) return proxy_->read(into);
  return {phase_ == Phase::kFailed ? io::IoOutcome::kError : io::IoOutcome::kWouldBlock, 0};
}

io::IoResult ProxyTunnel::write(std::span<const iovec> from) {
  if (phase_ == Phase::kOpen) return proxy_->write(from);
  return {phase_ == Phase::kFailed ? io::IoOutcome::kError : io::IoOutcome::kWouldBlock, 0};
}

void ProxyTunnel::on_ready(io::Interest) {
  if (phase_ == Phase::kAsking) {
    write_question();
  } else if (phase_ == Phase::kWaiting) {
    read_answer();
  }
}

void ProxyTunnel::on_failed(const Error& error) {
  give_up((error.message.empty() ? "the connection was lost" : error.message));
}

void ProxyTunnel::write_question() {
  while (written_ < question_.size()) {
    const iovec piece{question_.data() + written_, question_.size() - written_};
    const io::IoResult result = proxy_->write({&piece, 1});
    if (result.outcome == io::IoOutcome::kWouldBlock) return;
    if (result.outcome != io::IoOutcome::kOk) return give_up(proxy_->error().message);
    written_ += result.count;
  }
  std::string().swap(question_);  // it holds a secret
  phase_ = Phase::kWaiting;
  proxy_->set_interest(io::Interest::kRead);
}

void ProxyTunnel::read_answer() {
  std::array<uint8_t, 1024> buffer;
  for (;;) {
    const io::IoResult result = proxy_->read(buffer);
    if (result.outcome == io::IoOutcome::kWouldBlock) return;
    if (result.outcome == io::IoOutcome::kError) return give_up(proxy_->error().message);
    if (result.outcome == io::IoOutcome::kEnd) {
      return give_up("it closed the connection without an answer");
    }
    answer_.append(as_text(std::span(buffer).first(result.count)));
    if (const size_t end = answer_.find("\r\n\r\n"); end != std::string::npos) {
      return take_answer(std::string_view(answer_).substr(0, end + 4));
    }
    if (answer_.size() > kAnswerBytesMax) return give_up("its answer has no end");
  }
}

void ProxyTunnel::take_answer(std::string_view head) {
  const std::string_view line = head.substr(0, head.find("\r\n"));
  if (status_of(line) == 0) return give_up("it did not answer in HTTP: " + shown(line));
  if (status_of(line) != 200) return give_up("it answered " + shown(line));
  // Clients speak first in all that goes through it.
  if (head.size() != answer_.size()) return give_up("it sent bytes of its own behind its answer");
  open();
}

void ProxyTunnel::open() {
  phase_ = Phase::kOpen;
  std::string().swap(answer_);
  proxy_->set_handler(handler_);
  proxy_->set_interest(interest_);
}

void ProxyTunnel::give_up(std::string why) {
  if (phase_ == Phase::kFailed) return;
  phase_ = Phase::kFailed;
  proxy_->set_interest(io::Interest::kNone);
  error_ = {Code::kUnavailable, "the proxy " + proxy_->peer_address() + " made no connection to " +
                                    target_ + ": " + std::move(why)};
  if (handler_ != nullptr) handler_->on_failed(error_);
}

}  // namespace millrace::transport
