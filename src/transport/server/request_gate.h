// Checks between the head of a request and its body: may this sender send, and not too much?
// A server asks its gates in order when a request's header section is complete, before a byte of
// the body is read or memory is reserved for it; the first that refuses answers the request.
//
// Threads: gates may be shared by the servers of several loops, so every method is safe from any
// thread. Cost: nothing where a server has no gates.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/signal.h"
#include "base/time.h"
#include "http/header_list.h"
#include "io/stream.h"

namespace millrace::transport {

struct Reply;

// The proved identity of a sender. The name may be shown in logs; it never holds a secret.
struct Identity {
  std::string name;  // "alice", "CN=agent-7,O=Example", "token 2"
  // The name of a user with a proved password; travels with the metadata
  // (base/identity_attribute.h).
  std::string username = {};
};

class LateDecision;

// What gates look at; valid during the call only. Fields may hold secrets: never log them.
struct RequestHead {
  const http::HeaderList& fields;
  Signal signal = Signal::kTraces;
  const std::string& peer;  // "10.1.2.3:51234"
  const io::TlsInfo& tls;
  MonotonicTime now{};
  LateDecision* late = nullptr;  // null: a gate has to decide at once
};

class RequestMeter;

// The results of the gates for a request; travels with it to its handler.
struct RequestPass {
  std::shared_ptr<const Identity> identity;  // null: no gate asked, or nothing was proved
  // The field that proved the identity: a secret, which metadata leaves out. Outlives the server.
  std::string_view secret_field = {};
  // Not null: hears what the request turned out to hold.
  RequestMeter* meter = nullptr;
  std::array<uint64_t, 2> meter_key{};  // the meter's own
};

class RequestMeter {
 public:
  // The body's length as announced, or, where it is not announced, as received: wire bytes.
  virtual void charge_bytes(const RequestPass& pass, uint64_t bytes, MonotonicTime now) = 0;
  // Spans, data points, log records or samples, once they have been counted.
  virtual void charge_items(const RequestPass& pass, uint64_t items, MonotonicTime now) = 0;

 protected:
  ~RequestMeter() = default;
};

struct GateRefusal {
  std::unique_ptr<Reply> reply;  // never null
  std::string_view reason;       // for the counter: static, snake_case
};

// A decision that a gate made after its on_head had returned.
struct GateDecision {
  std::optional<GateRefusal> refusal;        // nothing: the request may come in
  std::shared_ptr<const Identity> identity;  // becomes the pass's
};

// How a gate decides later, because finding out takes longer than a turn of the loop may. Meanwhile
// the body may come, within a small share of the budget, and the gates behind it are not asked.
class LateDecision {
 public:
  // To be called at most once, from inside on_head. The result is to be called once, by any thread,
  // before the loop ends; a request that is gone by then is not affected. Destroying it uncalled
  // leaves the request undecided, which is for the end of the process only.
  virtual std::function<void(GateDecision)> decide_later() = 0;

 protected:
  ~LateDecision() = default;
};

class RequestGate {
 public:
  virtual ~RequestGate() = default;
  // Nothing: the request may come in, or, when head.late->decide_later() was called, what that
  // returned is called later. Must not take longer than a slice of a turn.
  virtual std::optional<GateRefusal> on_head(const RequestHead& head, RequestPass& pass) = 0;
};

}  // namespace millrace::transport
