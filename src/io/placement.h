// Which loop gets a connection, when several listen on one address. The kernel deals by a hash of
// addresses; few gRPC connections carry most traffic, so half of the loops may then idle while two
// of those connections share one. A Placement hands each new connection to the loop that has the
// fewest open.
//
// Given to every listener of the address (ListenOptions::placement), of which the first accepts.
// Threads: any. Cost: one lock and one look at each member for each connection.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace millrace::io {

class Placement {
 public:
  // Sockets on their way to one loop. A loop that does not take them gets no more; they then stay
  // with the accepting one.
  static constexpr uint32_t kInPassingMax = 64;

  class Member;
  // A socket in passing between two loops; closes it unless it is taken.
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
    std::shared_ptr<void> passing_;  // counts it with the member that it is on its way to
  };
  // One open connection, for as long as it lives.
  using Place = std::shared_ptr<void>;
  // Called on the accepting loop's thread; gets the socket to the member's own loop.
  using TakeOver = std::function<void(Socket socket, Place place)>;

  class Member {
   public:
    explicit Member(TakeOver take_over) : take_over_(std::move(take_over)) {}
    uint32_t open_count() const { return open_.load(std::memory_order_relaxed); }
    uint32_t in_passing_count() const { return in_passing_.load(std::memory_order_relaxed); }

   private:
    friend class Placement;
    TakeOver take_over_;
    // Written when a connection is placed or closed, read when the next one is placed: a number to
    // compare, which orders nothing.
    std::atomic<uint32_t> open_{0};
    // Written by the accepting loop and by this member's own; a number to compare, as well.
    std::atomic<uint32_t> in_passing_{0};
  };

  std::shared_ptr<Member> join(TakeOver take_over);
  void leave(const std::shared_ptr<Member>& member);
  bool is_empty();
  // Gives the socket to the member with the fewest connections, `accepting` when it is among them.
  void place(Socket socket, const std::shared_ptr<Member>& accepting);

 private:
  std::mutex mutex_;
  std::vector<std::shared_ptr<Member>> members_;
};

}  // namespace millrace::io
