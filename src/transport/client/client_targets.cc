#include "transport/client/client_targets.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace millrace::transport {

Target::Target(io::Address where, Duration backoff_initial, Duration backoff_max)
    : address(std::move(where)), backoff(backoff_initial, backoff_max) {
  const std::string& text = address.text;
  const size_t colon = text.rfind(':');
  host = text.substr(0, colon);
  if (colon != std::string::npos) {
    std::from_chars(text.data() + colon + 1, text.data() + text.size(), port);
  }
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  }
}

std::vector<std::unique_ptr<Target>> TargetList::update(const std::vector<io::Address>& addresses) {
  std::vector<std::unique_ptr<Target>> gone = std::move(targets_);
  targets_.clear();
  for (const io::Address& address : addresses) {
    const auto is_it = [&](const auto& target) {
      return target != nullptr && target->address == address;
    };
    if (std::ranges::any_of(targets_, is_it)) continue;
    const auto known = std::ranges::find_if(gone, is_it);
    targets_.push_back(known != gone.end()
                           ? std::move(*known)
                           : std::make_unique<Target>(address, backoff_initial_, backoff_max_));
  }
  std::erase(gone, nullptr);
  return gone;
}

ClientConnection* TargetList::pick() {
  for (size_t i = 0; i < targets_.size(); ++i) {
    const size_t index = (next_pick_ + i) % targets_.size();
    for (const auto& connection : targets_[index]->connections) {
      if (!connection->can_take()) continue;
      next_pick_ = index + 1;
      return connection.get();
    }
  }
  return nullptr;
}

Target* TargetList::next_to_try(const std::function<bool(const Target&)>& fits) {
  for (size_t i = 0; i < targets_.size(); ++i) {
    const size_t index = (next_try_ + i) % targets_.size();
    Target& target = *targets_[index];
    if (!fits(target)) continue;
    next_try_ = index + 1;
    return &target;
  }
  return nullptr;
}

Target* TargetList::find(const ClientConnection& connection) const {
  for (const auto& target : targets_) {
    for (const auto& candidate : target->connections) {
      if (candidate.get() == &connection) return target.get();
    }
  }
  return nullptr;
}

size_t TargetList::connection_count() const {
  size_t count = 0;
  for (const auto& target : targets_) count += target->connections.size();
  return count;
}

size_t TargetList::attempt_count() const {
  size_t count = 0;
  for (const auto& target : targets_) count += target->attempts.size();
  return count;
}

size_t TargetList::connected_count() const {
  return static_cast<size_t>(std::ranges::count_if(
      targets_, [](const auto& target) { return !target->connections.empty(); }));
}

}  // namespace millrace::transport
