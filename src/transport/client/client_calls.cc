#include "transport/client/client_calls.h"

#include <algorithm>
#include <utility>

#include "transport/client/client_connection.h"
#include "transport/client/peer_text.h"

namespace millrace::transport {
namespace {

// A peer may ask for the end of time, which no clock can be added to.
constexpr Duration kRetryAfterMax = std::chrono::hours(365 * 24);
// A call that a peer certainly did not see goes elsewhere by itself, once.
constexpr uint32_t kAttemptsMax = 2;

}  // namespace

void ClientCalls::add(ClientRequest request, Client::Done done, MonotonicTime now) {
  auto call = std::make_unique<ClientCall>();
  call->request = std::move(request);
  call->done = std::move(done);
  call->index = calls_.size();
  call->waits_since = now;
  waiting_.push_back(call.get());
  calls_.push_back(std::move(call));
}

ClientCall& ClientCalls::take_oldest(ClientConnection& connection) {
  ClientCall& call = *waiting_.front();
  waiting_.pop_front();
  call.connection = &connection;
  ++call.attempt_count;
  return call;
}

bool ClientCalls::try_again(ClientCall& call, const CallEnd& end, Rope body, MonotonicTime now) {
  if (end.kind != CallEnd::Kind::kNotSent || call.attempt_count >= kAttemptsMax) return false;
  call.connection = nullptr;
  call.request.body = std::move(body);
  call.response = {};
  call.body_memory = Reservation();
  call.waits_since = now;
  waiting_.push_front(&call);
  return true;
}

void ClientCalls::finish(ClientCall& call, ClientAnswer answer) {
  if (call.connection == nullptr) std::erase(waiting_, &call);
  if (answer.kind != ClientAnswer::Kind::kNotSent) {
    answer.server_address = std::move(call.server_address);
    answer.server_port = call.server_port;
  }
  answer.message = to_peer_text(answer.message);
  if (answer.retry_after) answer.retry_after = std::min(*answer.retry_after, kRetryAfterMax);
  finished_.push_back({std::move(call.done), std::move(answer), std::move(call.body_memory)});
  const size_t index = call.index;
  std::swap(calls_[index], calls_.back());
  calls_[index]->index = index;
  calls_.pop_back();
}

void ClientCalls::finish_not_sent(ClientCall& call, Code code, std::string message) {
  ClientAnswer answer;
  answer.kind = ClientAnswer::Kind::kNotSent;
  answer.code = code;
  answer.message = std::move(message);
  finish(call, std::move(answer));
}

bool ClientCalls::cancel_one() {
  if (calls_.empty()) return false;
  ClientAnswer answer;
  answer.kind = ClientAnswer::Kind::kCancelled;
  answer.code = Code::kCancelled;
  answer.message = "shutting down";
  finish(*calls_.back(), std::move(answer));
  return true;
}

MonotonicTime ClientCalls::expire(MonotonicTime now,
                                  const std::function<std::string()>& describe_wait) {
  MonotonicTime next = kNever;
  for (size_t i = calls_.size(); i-- > 0;) {
    ClientCall& call = *calls_[i];
    if (call.request.deadline > now) {
      next = std::min(next, call.request.deadline);
      continue;
    }
    if (call.connection == nullptr) {
      finish_not_sent(call, Code::kDeadlineExceeded, describe_wait());
      continue;
    }
    ClientAnswer answer;
    answer.kind = ClientAnswer::Kind::kTimedOut;
    answer.code = Code::kDeadlineExceeded;
    answer.message = "no answer within the deadline";
    call.connection->cancel(call);
    finish(call, std::move(answer));
  }
  return next;
}

std::optional<ClientCalls::Finished> ClientCalls::take_finished() {
  std::optional<Finished> finished;
  if (finished_.empty()) return finished;
  finished.emplace(std::move(finished_.front()));
  finished_.pop_front();
  return finished;
}

}  // namespace millrace::transport
