// Chooses the loop of a connection when several loops listen on one address. The kernel distributes
// by a hash of addresses; few gRPC connections carry most traffic, so half of the loops may be idle
// while two such connections share one. A Placement passes each new connection to the loop with the
// fewest open connections.
//
// Given to every listener of the address (ListenOptions::placement); the first one accepts.
// Threads: any. Cost for each connection: one lock and one read for each member.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "base/mutex.h"

namespace millrace::io {

class Placement {
 public:
  // The maximum of sockets on their way to one loop. A loop that does not take them receives no
  // more; the accepting loop keeps further ones.
  static constexpr uint32_t kInPassingMax = 64;

  class Member;
  // A socket on its way between two loops. The destructor closes it unless it was released.
  class Socket {
   public:
    explicit Socket(int descriptor) : descriptor_(descriptor) {}
    Socket(Socket&& other) noexcept = default;
    Socket& operator=(Socket&&) = delete;
    ~Socket();
    int take();

   private:
    friend class Placement;
    struct Descriptor {
      explicit Descriptor(int value) : number(value) {}
      Descriptor(Descriptor&& other) noexcept : number(std::exchange(other.number, -1)) {}
      int number;
    };
    Descriptor descriptor_;
    std::shared_ptr<void> passing_;  // counts the socket for the member that will receive it
  };
  // Counts one open connection during its lifetime.
  using OpenConnection = std::shared_ptr<void>;
  // Called on the accepting loop's thread; passes the socket to the member's own loop.
  using TakeOver = std::function<void(Socket socket, OpenConnection connection)>;

  class Member {
   public:
    explicit Member(TakeOver take_over) : take_over_(std::move(take_over)) {}
    uint32_t open_count() const { return open_.load(std::memory_order_relaxed); }
    uint32_t in_passing_count() const { return in_passing_.load(std::memory_order_relaxed); }

   private:
    friend class Placement;
    TakeOver take_over_;
    // Written when a connection is placed or closed, read when the next one is placed. Only
    // compared, so it orders no data.
    std::atomic<uint32_t> open_{0};
    // Written by the accepting loop and by this member's own loop. Only compared, as above.
    std::atomic<uint32_t> in_passing_{0};
  };

  std::shared_ptr<Member> join(TakeOver take_over);
  void leave(const std::shared_ptr<Member>& member);
  bool is_empty();
  // Passes the socket to the member with the fewest connections; `accepting` wins a tie.
  void place(Socket socket, const std::shared_ptr<Member>& accepting);

 private:
  Mutex mutex_;
  std::vector<std::shared_ptr<Member>> members_ MILLRACE_GUARDED_BY(mutex_);
};

}  // namespace millrace::io
