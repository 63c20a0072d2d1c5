// Tells a process from its forked child: a page that the kernel wipes in the child
// (MADV_WIPEONFORK, Linux 4.14). Reading it costs one load, where getpid() is a system call.
//
// Any thread. On a kernel without it the child is not told apart; works() says so.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace millrace::library {

class ForkPage {
 public:
  enum State : uint32_t {
    kWiped = 0,       // we are a child that has not started anew
    kOwned = 1,       // all is as it was made
    kRestarting = 2,  // some thread of a child is at it
  };
  ForkPage();
  ~ForkPage();
  ForkPage(const ForkPage&) = delete;
  ForkPage& operator=(const ForkPage&) = delete;

  bool works() const { return page_ != nullptr; }
  // Whether this process made the page, or has claimed it since.
  bool is_own() const { return word().load(std::memory_order_acquire) == kOwned; }
  bool is_wiped() const { return word().load(std::memory_order_acquire) == kWiped; }
  // One thread of a child gets true; it must call own() when it is done.
  bool try_claim() {
    uint32_t wiped = kWiped;
    return word().compare_exchange_strong(wiped, kRestarting, std::memory_order_acq_rel);
  }
  void own() { word().store(kOwned, std::memory_order_release); }

 private:
  // Written as above; release by the thread that has started anew, acquire by all others.
  std::atomic<uint32_t>& word() const { return page_ != nullptr ? *page_ : *fallback_; }
  std::atomic<uint32_t>* page_ = nullptr;
  std::atomic<uint32_t>* fallback_;
  std::atomic<uint32_t> own_word_{kOwned};
};

}  // namespace millrace::library
