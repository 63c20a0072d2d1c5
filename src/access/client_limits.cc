#include "access/client_limits.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "transport/server/server.h"

namespace millrace::access {
namespace {

using transport::GateRefusal;
using transport::Reply;
using transport::RequestHead;
using transport::RequestPass;

// Small tables have one part, so that the client seen longest ago is the one that is evicted.
constexpr size_t kParts = 16;
constexpr size_t kWholeTableMax = 1024;

constexpr std::array<std::string_view, 3> kNames = {"requests", "items", "bytes"};
constexpr std::array<std::string_view, 3> kReasons = {"requests_limit", "items_limit",
                                                      "bytes_limit"};

Rate with_burst(Rate rate) {
  if (rate.burst == 0) rate.burst = rate.per_second;
  rate.burst = std::max(rate.burst, 1.0);
  return rate;
}

// The host of a peer's address: "10.1.2.3" for "10.1.2.3:51234", "[::1]" for "[::1]:4".
std::string_view host_of(std::string_view peer) { return peer.substr(0, peer.rfind(':')); }

}  // namespace

ClientLimits::ClientLimits(LimitOptions options)
    : options_(std::move(options)),
      rates_{with_burst(options_.requests), with_burst(options_.items), with_burst(options_.bytes)},
      key_(random_hash_key()),
      parts_(options_.clients_max < kWholeTableMax ? 1 : kParts) {}

Digest ClientLimits::digest_of(const RequestHead& head, const RequestPass& pass) const {
  switch (options_.key) {
    case LimitOptions::Key::kClientAddress:
      return keyed_hash(key_, host_of(head.peer));
    case LimitOptions::Key::kIdentity:
      return keyed_hash(key_, pass.identity == nullptr ? "" : pass.identity->name);
    case LimitOptions::Key::kHeader:
      return keyed_hash(key_, head.fields.find(options_.header));
  }
  return {};
}

ClientLimits::Client& ClientLimits::find_or_add(Part& part, const Digest& digest,
                                                MonotonicTime now) {
  const auto found = part.places.find(digest);
  if (found != part.places.end()) {
    part.clients.splice(part.clients.begin(), part.clients, found->second);
    return part.clients.front();
  }
  if (part.clients.size() >= std::max<size_t>(options_.clients_max / parts_.size(), 1)) {
    part.places.erase(part.clients.back().digest);
    part.clients.pop_back();
    forgotten_.fetch_add(1, std::memory_order_relaxed);
  }
  Client& client = part.clients.emplace_front();
  client.digest = digest;
  for (size_t i = 0; i < kDimensions; ++i) client.buckets[i] = {rates_[i].burst, now};
  part.places.emplace(digest, part.clients.begin());
  return client;
}

void ClientLimits::fill(Client& client, MonotonicTime now) const {
  for (size_t i = 0; i < kDimensions; ++i) {
    Bucket& bucket = client.buckets[i];
    // The clocks of two loops may differ by a turn; an earlier time does not change the bucket.
    if (now <= bucket.filled_at) continue;
    const double seconds = std::chrono::duration<double>(now - bucket.filled_at).count();
    bucket.level = std::min(rates_[i].burst, bucket.level + seconds * rates_[i].per_second);
    bucket.filled_at = now;
  }
}

std::optional<GateRefusal> ClientLimits::on_head(const RequestHead& head, RequestPass& pass) {
  const Digest digest = digest_of(head, pass);
  Part& part = part_of(digest);
  double wait_s = 0;
  size_t exhausted = 0;
  {
    const MutexLock lock(part.mutex);
    Client& client = find_or_add(part, digest, head.now);
    fill(client, head.now);
    for (size_t i = 0; i < kDimensions; ++i) {
      if (rates_[i].per_second == 0 || client.buckets[i].level >= 1) continue;
      const double needed_s = (1 - client.buckets[i].level) / rates_[i].per_second;
      if (needed_s > wait_s) {
        wait_s = needed_s;
        exhausted = i;
      }
    }
    if (wait_s == 0) {
      if (rates_[kRequests].per_second != 0) client.buckets[kRequests].level -= 1;
      pass.meter = this;
      pass.meter_key = digest;
      return std::nullopt;
    }
  }
  GateRefusal refusal{.reply = std::make_unique<Reply>(), .reason = kReasons[exhausted]};
  refusal.reply->code = Code::kResourceExhausted;
  refusal.reply->message = "over the limit of " + std::string(kNames[exhausted]) +
                           " a second for this client, try again later";
  // Rounded up, so that a client that retries after this time is admitted.
  constexpr double kWaitMax_s = 86'400;
  refusal.reply->retry_after = std::chrono::milliseconds(
      static_cast<int64_t>(std::ceil(std::min(wait_s, kWaitMax_s) * 1e3)));
  return refusal;
}

void ClientLimits::charge(const RequestPass& pass, Dimension dimension, uint64_t amount,
                          MonotonicTime now) {
  if (rates_[dimension].per_second == 0 || amount == 0) return;
  Part& part = part_of(pass.meter_key);
  const MutexLock lock(part.mutex);
  const auto found = part.places.find(pass.meter_key);
  if (found == part.places.end()) return;  // evicted since the request was admitted
  fill(*found->second, now);
  found->second->buckets[dimension].level -= static_cast<double>(amount);
}

void ClientLimits::charge_bytes(const RequestPass& pass, uint64_t bytes, MonotonicTime now) {
  charge(pass, kBytes, bytes, now);
}

void ClientLimits::charge_items(const RequestPass& pass, uint64_t items, MonotonicTime now) {
  charge(pass, kItems, items, now);
}

size_t ClientLimits::client_count() const {
  size_t count = 0;
  for (const Part& part : parts_) {
    const MutexLock lock(part.mutex);
    count += part.clients.size();
  }
  return count;
}

}  // namespace millrace::access
