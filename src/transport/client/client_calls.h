// The calls of a channel: those that wait for a connection, in order, those that a connection
// carries, and the answers that are not delivered yet. Each call gets exactly one answer.
//
// Answers are kept until the channel takes them, so none is given from inside another call here.
// Used on the client's loop only.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "transport/client/client_call.h"

namespace millrace::transport {

class ClientCalls {
 public:
  struct Finished {
    Client::Done done;
    ClientAnswer answer;
    Reservation body_memory;  // for the answer's body: lives until `done` has run
  };

  // Calls without an answer, and answers that are not taken.
  size_t in_flight_count() const { return calls_.size() + finished_.size(); }

  // Behind all that wait.
  void add(ClientRequest request, Client::Done done, MonotonicTime now);
  size_t waiting_count() const { return waiting_.size(); }
  bool has_waiting() const { return !waiting_.empty(); }
  // Precondition of the next three: has_waiting().
  ClientCall& oldest_waiting() { return *waiting_.front(); }
  MonotonicTime newest_waits_since() const { return waiting_.back()->waits_since; }
  // Takes the oldest one for an attempt on `connection`.
  ClientCall& take_oldest(ClientConnection& connection);

  // The call's connection has ended its attempt. True: the peer certainly did not see the call, and
  // it waits again, before all others; `body` is its body. That happens once to each call.
  bool try_again(ClientCall& call, const CallEnd& end, Rope body, MonotonicTime now);
  void finish(ClientCall& call, ClientAnswer answer);
  void finish_not_sent(ClientCall& call, Code code, std::string message);
  // Finishes one call as cancelled; false: there is none.
  bool cancel_one();
  // Finishes the calls whose deadline has passed; `describe_wait` says why one still waits. Returns
  // the next deadline; kNever: none.
  MonotonicTime expire(MonotonicTime now, const std::function<std::string()>& describe_wait);

  // The next answer to deliver, in the order in which they were given.
  std::optional<Finished> take_finished();

 private:
  std::vector<std::unique_ptr<ClientCall>> calls_;  // ClientCall::index is the place here
  std::deque<ClientCall*> waiting_;
  std::deque<Finished> finished_;
};

}  // namespace millrace::transport
