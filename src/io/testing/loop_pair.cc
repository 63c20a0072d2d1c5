#include "io/testing/loop_pair.h"

#include <chrono>

#include "base/check.h"
#include "io/epoll/epoll_loop.h"
#include "io/sim/world.h"

namespace millrace::io::testing {

namespace {

sim::NetworkFaults bumpy() {
  sim::NetworkFaults faults;
  faults.segment_bytes_max = 1000;
  faults.buffer_bytes = 4096;
  faults.short_read = 0.3;
  faults.short_write = 0.3;
  return faults;
}

class SimPair final : public LoopPair {
 public:
  SimPair()
      : world_(1, bumpy()),
        server_(world_.make_loop("server")),
        client_(world_.make_loop("client")) {}
  Loop& server() override { return *server_; }
  Loop& client() override { return *client_; }
  std::string server_host() const override { return "server"; }
  std::string server_ip() const override { return "10.0.0.1"; }
  bool run_until(const std::function<bool()>& condition) override {
    return world_.run_until(condition, 1min);
  }
  void run_for(Duration duration) override { world_.run_for(duration); }

 private:
  sim::World world_;
  std::unique_ptr<Loop> server_, client_;
};

class EpollPair final : public LoopPair {
 public:
  EpollPair() : loop_(EpollLoopOptions{}) { MILLRACE_CHECK(loop_.open().has_value()); }
  Loop& server() override { return loop_; }
  Loop& client() override { return loop_; }
  std::string server_host() const override { return "localhost"; }
  std::string server_ip() const override { return "127.0.0.1"; }
  bool run_until(const std::function<bool()>& condition) override {
    const MonotonicTime end = loop_.now() + 1min;
    while (!condition()) {
      if (loop_.now() > end) return false;
      loop_.run_turn(1ms);
    }
    return true;
  }
  void run_for(Duration duration) override {
    const MonotonicTime end = loop_.now() + duration;
    while (loop_.now() < end) loop_.run_turn(end - loop_.now());
  }

 private:
  EpollLoop loop_;
};

}  // namespace

std::unique_ptr<LoopPair> make_sim_pair() { return std::make_unique<SimPair>(); }
std::unique_ptr<LoopPair> make_epoll_pair() { return std::make_unique<EpollPair>(); }

}  // namespace millrace::io::testing
