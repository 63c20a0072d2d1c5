#include "io/sim/network.h"

#include <algorithm>
#include <optional>

#include "base/check.h"
#include "io/address.h"
#include "io/sim/sim_loop.h"

namespace millrace::io::sim {

namespace {
constexpr Duration kAttemptRetry = 1s;         // the kernel's first repetition of a SYN
constexpr Duration kAcknowledgeRetry = 200ms;  // while partitioned
}  // namespace

Network::Network(EventQueue& queue, Chronicle& log, uint64_t seed, const NetworkFaults& initial)
    : faults(initial), events(queue), chronicle(log), random(seed) {}

Duration Network::random_duration(Duration low, Duration high) {
  if (high <= low) return low;
  return low + Duration(random.below(static_cast<uint64_t>((high - low).count()) + 1));
}

Result<uint16_t> Network::add_listener(SimListener* listener, size_t host, uint16_t port,
                                       bool share_port) {
  const Result<uint16_t> added = hosts.add_listener(listener, host, port, share_port);
  if (added) chronicle.note("listen", host, *added);
  return added;
}

void Network::remove_listener(SimListener* listener, size_t host, uint16_t port) {
  hosts.remove_listener(listener, host, port);
  chronicle.note("unlisten", host, port);
}

bool Network::separated(const Connection& connection) const {
  return partitions_.contains(pair_of(connection.ends[0].host, connection.ends[1].host));
}

ConnectionRef Network::connect(SimStream* stream, size_t host, const std::string& address) {
  auto connection = std::make_shared<Connection>();
  connection->id = next_connection_++;
  connections_[connection->id] = connection;
  End& near = connection->ends[0];
  near.host = host;
  near.stream = stream;
  near.address = format_address(hosts.ip(host), hosts.take_port(host));
  End& far = connection->ends[1];
  far.open = false;
  far.address = address;
  chronicle.note("connect", connection->id, host);

  const auto target = parse_address(address);
  if (!target || !is_numeric_host(target->host)) {
    fail_attempt(connection, 0ns, "not an address");
    return connection;
  }
  connection->target_ip = target->host;
  connection->target_port = target->port;
  connection->give_up_at = events.now() + faults.connect_timeout;
  const std::optional<size_t> owner = hosts.find_ip(target->host);
  if (is_loopback(target->host)) {
    far.host = host;
    near.address = format_address("127.0.0.1", parse_address(near.address)->port);
  } else if (owner) {
    far.host = *owner;
  } else {
    fail_attempt(connection, latency(), "no route to host");
    return connection;
  }
  if (random.chance(faults.lose_connect)) {
    chronicle.count(Fault::kLostConnect, connection->id, 0);
    fail_attempt(connection, faults.connect_timeout, "connection timed out");
  } else {
    events.after(latency(), [this, connection] { arrive_attempt(connection); });
  }
  return connection;
}

SimListener* Network::choose_listener(const Connection& connection) {
  const std::vector<SimListener*> matching =
      hosts.listeners_at(connection.ends[1].host, connection.target_ip, connection.target_port);
  return matching.empty() ? nullptr : matching[random.below(matching.size())];
}

void Network::arrive_attempt(const ConnectionRef& connection) {
  if (!connection->ends[0].open) return forget_if_done(connection);
  const auto again = [&] {
    if (events.now() + kAttemptRetry > connection->give_up_at) {
      return fail_attempt(connection, connection->give_up_at - events.now(),
                          "connection timed out");
    }
    events.after(kAttemptRetry, [this, connection] { arrive_attempt(connection); });
  };
  if (separated(*connection)) return again();
  SimListener* listener = choose_listener(*connection);
  if (listener == nullptr) return fail_attempt(connection, latency(), "connection refused");
  if (random.chance(faults.refuse_connect)) {
    chronicle.count(Fault::kRefusedConnect, connection->id, 0);
    return fail_attempt(connection, latency(), "connection refused");
  }
  if (listener->backlog_size() >= faults.backlog_connections) return again();

  Duration accept_delay{0};
  if (random.chance(faults.slow_accept)) {
    accept_delay = random_duration(1ms, faults.slow_accept_max);
    chronicle.count(Fault::kSlowAccept, connection->id,
                    static_cast<uint64_t>(accept_delay.count()));
  }
  connection->ends[1].open = true;
  connection->ends[1].address = format_address(connection->target_ip, connection->target_port);
  listener->enqueue(connection, events.now() + accept_delay);
  events.after(latency(), [this, connection] {
    End& near = connection->ends[0];
    if (!near.open || near.broken) return;
    connection->established = true;
    chronicle.note("established", connection->id, 0);
    if (near.stream != nullptr) near.stream->notify();
  });
}

void Network::fail_attempt(const ConnectionRef& connection, Duration delay, const char* why) {
  events.after(delay, [this, connection, why] {
    break_end(*connection, 0, why);
    forget_if_done(connection);
  });
}

size_t Network::send(const ConnectionRef& connection, int side, std::span<const iovec> from,
                     size_t count) {
  End& end = connection->ends[side];
  end.outstanding += count;
  size_t taken = 0, piece = 0, offset = 0;
  while (taken < count) {
    size_t size = std::min(count - taken, std::max<size_t>(faults.segment_bytes_max, 1));
    if (random.chance(faults.cut)) size = 1 + random.below(size);
    Segment segment;
    segment.data.reserve(size);
    while (segment.data.size() < size) {
      const auto* base = static_cast<const uint8_t*>(from[piece].iov_base) + offset;
      const size_t part = std::min(size - segment.data.size(), from[piece].iov_len - offset);
      segment.data.insert(segment.data.end(), base, base + part);
      offset += part;
      if (offset == from[piece].iov_len) {
        ++piece;
        offset = 0;
      }
    }
    taken += size;
    enqueue(connection, side, std::move(segment), size);
  }
  chronicle.note("send", connection->id, count);
  return count;
}

void Network::send_fin(const ConnectionRef& connection, int side) {
  connection->ends[side].fin_sent = true;
  chronicle.note("fin", connection->id, static_cast<uint64_t>(side));
  Segment segment;
  segment.fin = true;
  enqueue(connection, side, std::move(segment), 0);
}

void Network::enqueue(const ConnectionRef& connection, int side, Segment segment, size_t size) {
  End& end = connection->ends[side];
  segment.number = next_segment_++;
  end.link_free = std::max(end.link_free, events.now());
  if (faults.bytes_per_second > 0) {
    end.link_free += Duration(size * 1'000'000'000 / faults.bytes_per_second);
  }
  Duration delay = latency();
  if (size > 0 && random.chance(faults.stall)) {
    delay += random_duration(1ms, faults.stall_max);
    chronicle.count(Fault::kStall, connection->id, static_cast<uint64_t>(delay.count()));
  }
  segment.arrival = end.link_free + delay;
  if (!end.in_flight.empty()) {
    segment.arrival = std::max(segment.arrival, end.in_flight.back().arrival);
  }
  end.in_flight.push_back(std::move(segment));
  schedule_delivery(connection, side);
}

void Network::schedule_delivery(const ConnectionRef& connection, int side) {
  End& end = connection->ends[side];
  if (end.delivery_scheduled || end.in_flight.empty() || separated(*connection)) return;
  end.delivery_scheduled = true;
  events.at(end.in_flight.front().arrival, [this, connection, side] {
    connection->ends[side].delivery_scheduled = false;
    deliver(connection, side);
    schedule_delivery(connection, side);
    forget_if_done(connection);
  });
}

void Network::deliver(const ConnectionRef& connection, int side) {
  End& from = connection->ends[side];
  if (separated(*connection)) return;  // stays in flight until the partition heals
  while (!from.in_flight.empty() && from.in_flight.front().arrival <= events.now()) {
    Segment segment = std::move(from.in_flight.front());
    from.in_flight.pop_front();
    deliver_segment(connection, side, std::move(segment));
  }
}

void Network::deliver_segment(const ConnectionRef& connection, int side, Segment segment) {
  End& to = connection->ends[1 - side];
  chronicle.note("arrive", connection->id * 2 + static_cast<uint64_t>(side), segment.data.size());
  if (segment.number < newest_arrived_) chronicle.count_quietly(Fault::kReordered);
  newest_arrived_ = std::max(newest_arrived_, segment.number);
  if (to.broken) return;
  if (segment.reset) {
    break_end(*connection, 1 - side, "connection reset by peer");
    return;
  }
  if (!segment.data.empty() && random.chance(faults.reset)) {
    chronicle.count(Fault::kReset, connection->id, 0);
    break_connection(connection, "connection reset by peer");
    return;
  }
  if (!to.open) {
    // This end is closed, so data is answered with a reset.
    if (segment.data.empty()) return;
    Segment reset;
    reset.reset = true;
    // Segments that it sent before are still in flight.
    if (!to.in_flight.empty() && to.in_flight.back().reset) return;
    enqueue(connection, 1 - side, std::move(reset), 0);
    return;
  }
  if (segment.fin) {
    to.fin_received = true;
  } else {
    if (to.received_start == to.received.size()) {
      to.received.clear();
      to.received_start = 0;
    }
    to.received.insert(to.received.end(), segment.data.begin(), segment.data.end());
  }
  if (to.stream != nullptr) to.stream->notify();
}

void Network::acknowledge(const ConnectionRef& connection, int side, size_t count) {
  End& reader = connection->ends[side];
  reader.read_unacknowledged += count;
  if (reader.acknowledgement_scheduled) return;
  reader.acknowledgement_scheduled = true;
  events.after(latency(), [this, connection, side] { deliver_acknowledgement(connection, side); });
}

void Network::deliver_acknowledgement(const ConnectionRef& connection, int side) {
  if (separated(*connection)) {
    events.after(kAcknowledgeRetry,
                 [this, connection, side] { deliver_acknowledgement(connection, side); });
    return;
  }
  End& reader = connection->ends[side];
  End& writer = connection->ends[1 - side];
  reader.acknowledgement_scheduled = false;
  const size_t count = std::exchange(reader.read_unacknowledged, 0);
  MILLRACE_CHECK(writer.outstanding >= count);
  writer.outstanding -= count;
  if (writer.stream != nullptr) writer.stream->notify();
}

void Network::close(const ConnectionRef& connection, int side) {
  End& end = connection->ends[side];
  MILLRACE_CHECK(end.open);
  end.open = false;
  end.stream = nullptr;
  chronicle.note("close", connection->id, static_cast<uint64_t>(side));
  const bool attempt_under_way = side == 0 && !connection->established;
  if (!end.broken && end.readable() > 0) {
    // As the kernel does when an end closes with unread data.
    Segment reset;
    reset.reset = true;
    enqueue(connection, side, std::move(reset), 0);
  } else if (!end.broken && !end.fin_sent && !(attempt_under_way && !connection->ends[1].open)) {
    send_fin(connection, side);
  }
  end.received.clear();
  end.received_start = 0;
  forget_if_done(connection);
}

void Network::abort(const ConnectionRef& connection, int side) {
  End& end = connection->ends[side];
  MILLRACE_CHECK(end.open);
  end.open = false;
  end.stream = nullptr;
  if (!end.broken) {
    Segment reset;
    reset.reset = true;
    enqueue(connection, side, std::move(reset), 0);
  }
  forget_if_done(connection);
}

void Network::break_end(Connection& connection, int side, const char* why) {
  End& end = connection.ends[side];
  if (end.broken) return;
  end.broken = true;
  end.broken_because = why;
  end.in_flight.clear();
  chronicle.note(why, connection.id, static_cast<uint64_t>(side));
  if (end.stream != nullptr) end.stream->notify();
}

void Network::break_connection(const ConnectionRef& connection, const char* why) {
  break_end(*connection, 0, why);
  break_end(*connection, 1, why);
}

void Network::forget_if_done(const ConnectionRef& connection) {
  for (const End& end : connection->ends) {
    if (end.open || !end.in_flight.empty()) return;
  }
  connections_.erase(connection->id);
}

void Network::partition(size_t a, size_t b) {
  const Pair pair = pair_of(a, b);
  if (partitions_.contains(pair)) return;
  const uint64_t number = next_partition_++;
  partitions_[pair] = number;
  chronicle.note("partition", a, b);
  events.after(faults.partition_reset_after, [this, pair, number] {
    const auto entry = partitions_.find(pair);
    if (entry == partitions_.end() || entry->second != number) return;
    const auto copy = connections_;
    for (const auto& [id, connection] : copy) {
      if (pair_of(connection->ends[0].host, connection->ends[1].host) != pair) continue;
      if (connection->established) break_connection(connection, "connection timed out");
      forget_if_done(connection);
    }
  });
}

void Network::heal(size_t a, size_t b) {
  if (partitions_.erase(pair_of(a, b)) == 0) return;
  chronicle.note("heal", a, b);
  const auto copy = connections_;
  for (const auto& [id, connection] : copy) {
    schedule_delivery(connection, 0);
    schedule_delivery(connection, 1);
  }
}

void Network::reset_connections(size_t host) {
  const auto copy = connections_;
  for (const auto& [id, connection] : copy) {
    if (connection->ends[0].host != host && connection->ends[1].host != host) continue;
    if (connection->established) break_connection(connection, "connection reset by peer");
    forget_if_done(connection);
  }
}

void Network::start_weather() {
  if (weather_runs_ || (faults.partition <= 0 && faults.wall_jump <= 0)) return;
  weather_runs_ = true;
  events.after(1s, [this] { weather_tick(); });
}

void Network::weather_tick() {
  weather_runs_ = false;
  if (hosts.count() >= 2 && random.chance(faults.partition)) {
    const size_t a = random.below(hosts.count());
    const size_t b = (a + 1 + random.below(hosts.count() - 1)) % hosts.count();
    if (!partitions_.contains(pair_of(a, b))) {
      chronicle.count(Fault::kPartition, a, b);
      partition(a, b);
      events.after(random_duration(1ms, faults.partition_max), [this, a, b] { heal(a, b); });
    }
  }
  if (random.chance(faults.wall_jump)) {
    wall_offset += random_duration(-faults.wall_jump_max, faults.wall_jump_max);
    chronicle.count(Fault::kWallJump, 0, static_cast<uint64_t>(wall_offset.count()));
  }
  start_weather();
}

}  // namespace millrace::io::sim
