#include "transport/client/endpoint_resolver.h"

#include <algorithm>
#include <utility>

namespace millrace::transport {
namespace {

// Failures ask for a new look-up of the name, but not more often than this.
constexpr Duration kMinInterval = 1s;

}  // namespace

EndpointResolver::EndpointResolver(io::Loop& loop, Options options, OnResult on_result)
    : loop_(loop),
      options_(std::move(options)),
      on_result_(std::move(on_result)),
      backoff_(options_.backoff_initial, options_.backoff_max) {}

void EndpointResolver::start_if_due() {
  if (!is_running() && due_at_ <= loop_.now()) start();
}

void EndpointResolver::start() {
  begun_at_ = loop_.now();
  due_at_ = kNever;
  running_ = loop_.resolve(
      options_.host, options_.port,
      [this](Result<std::vector<io::Address>> result) { on_ended(std::move(result)); });
}

void EndpointResolver::on_ended(Result<std::vector<io::Address>> result) {
  // Destroyed at the end of the turn: this runs inside it.
  ended_ = std::move(running_);
  const MonotonicTime now = loop_.now();
  if (result && !result->empty()) {
    backoff_.reset();
    due_at_ = now + options_.interval;
    return on_result_(std::move(*result));
  }
  due_at_ = now + backoff_.next(loop_.random());
  on_result_(result ? fail(Code::kNotFound, options_.host + ": the name has no addresses")
                    : fail(result.error().code, options_.host + ": " + result.error().message));
}

void EndpointResolver::want_at(MonotonicTime when) {
  if (is_running()) return;
  due_at_ = std::min(due_at_, std::max(when, begun_at_ + kMinInterval));
}

void EndpointResolver::want_after(Duration gap) {
  if (is_running()) return;
  due_at_ = std::min(due_at_, begun_at_ + gap);
}

}  // namespace millrace::transport
