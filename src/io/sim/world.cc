#include "io/sim/world.h"

#include <array>
#include <map>

#include "base/check.h"
#include "io/sim/sim_loop.h"

namespace millrace::io::sim {

std::string_view fault_name(Fault fault) {
  constexpr std::array<std::string_view, kFaultCount> kNames = {
      "short_read", "short_write", "send_buffer_full", "refused_connect", "lost_connect",
      "reset",      "stall",       "slow_accept",      "resolve_failure", "partition",
      "wall_jump",  "loop_stall",  "reordered"};
  return kNames[static_cast<size_t>(fault)];
}

NetworkFaults NetworkFaults::hostile() {
  NetworkFaults faults;
  faults.latency_min = 20us;
  faults.latency_max = 20ms;
  faults.bytes_per_second = 50'000'000;
  faults.segment_bytes_max = 1460;
  faults.buffer_bytes = 16 << 10;
  faults.short_read = 0.2;
  faults.short_write = 0.2;
  faults.refuse_connect = 0.05;
  faults.lose_connect = 0.02;
  faults.reset = 0.0005;
  faults.stall = 0.005;
  faults.slow_accept = 0.1;
  faults.resolve_failure = 0.05;
  faults.partition = 0.05;
  faults.wall_jump = 0.05;
  faults.loop_stall = 0.002;
  return faults;
}

struct World::State {
  State(uint64_t seed, const NetworkFaults& faults)
      : chronicle(events), network(events, chronicle, seed, faults) {}
  EventQueue events;
  Chronicle chronicle;
  Network network;
  std::map<uint64_t, SimLoop*> loops;
  uint64_t next_loop = 1;
};

World::World(uint64_t seed, NetworkFaults faults) : state_(std::make_unique<State>(seed, faults)) {
  state_->network.start_weather();
}

World::~World() { MILLRACE_CHECK(state_->loops.empty()); }

std::unique_ptr<Loop> World::make_loop(const std::string& host_name) {
  const size_t host = state_->network.hosts.number_of(host_name);
  return std::make_unique<SimLoop>(state_->network, host, state_->next_loop++, state_->loops);
}

MonotonicTime World::now() const { return state_->events.now(); }

bool World::step() {
  if (state_->events.empty()) return false;
  state_->events.run_next();
  return true;
}

bool World::run_until(const std::function<bool()>& condition, Duration limit) {
  const MonotonicTime end = now() + limit;
  while (!condition()) {
    if (state_->events.next_time() > end) {
      state_->events.advance_to(end);
      return false;
    }
    if (!step()) return false;
  }
  return true;
}

void World::run_until(MonotonicTime when) {
  while (state_->events.next_time() <= when && step()) {
  }
  state_->events.advance_to(when);
}

void World::run_for(Duration duration) { run_until(now() + duration); }

void World::after(Duration delay, Task task) { state_->events.after(delay, std::move(task)); }

size_t World::host_number(const std::string& host_name) {
  return state_->network.hosts.number_of(host_name);
}

std::string World::host_address(const std::string& host_name) {
  return state_->network.hosts.ip(state_->network.hosts.number_of(host_name));
}

void World::set_name(const std::string& name, std::vector<std::string> hosts_or_addresses) {
  state_->network.hosts.set_name(name, std::move(hosts_or_addresses));
}

void World::partition(const std::string& one_host, const std::string& other_host) {
  Network& network = state_->network;
  network.partition(network.hosts.number_of(one_host), network.hosts.number_of(other_host));
}

void World::heal(const std::string& one_host, const std::string& other_host) {
  Network& network = state_->network;
  network.heal(network.hosts.number_of(one_host), network.hosts.number_of(other_host));
}

void World::reset_connections(const std::string& host) {
  state_->network.reset_connections(state_->network.hosts.number_of(host));
}

void World::jump_wall_clock(Duration by) { state_->network.wall_offset += by; }

void World::set_faults(const NetworkFaults& faults) {
  state_->network.faults = faults;
  state_->network.start_weather();
}

uint64_t World::fault_count(Fault fault) const { return state_->chronicle.fault_count(fault); }

size_t World::open_connection_count() const { return state_->network.open_connection_count(); }

uint64_t World::trace_hash() const { return state_->chronicle.hash(); }

void World::set_tracer(std::function<void(const TraceEvent&)> tracer) {
  state_->chronicle.tracer = std::move(tracer);
}

}  // namespace millrace::io::sim
