// Distinguishes a process from its forked child by a page that the kernel wipes in the child
// (MADV_WIPEONFORK, Linux 4.14). Reading it costs one load; getpid() is a system call.
//
// Any thread. On an older kernel a child is not recognized; works() returns false then.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace millrace::library {

class ForkPage {
 public:
  enum State : uint32_t {
    kWiped = 0,       // this is a child that has not started its own engine
    kOwned = 1,       // this process made or claimed the page
    kRestarting = 2,  // a thread of a child is starting the child's engine
  };
  ForkPage();
  ~ForkPage();
  ForkPage(const ForkPage&) = delete;
  ForkPage& operator=(const ForkPage&) = delete;

  bool works() const { return page_ != nullptr; }
  // Whether this process made the page, or has claimed it since the fork.
  bool is_own() const { return word().load(std::memory_order_acquire) == kOwned; }
  bool is_wiped() const { return word().load(std::memory_order_acquire) == kWiped; }
  // Returns true for one thread of a child, which must then call own() when it is done.
  bool try_claim() {
    uint32_t wiped = kWiped;
    return word().compare_exchange_strong(wiped, kRestarting, std::memory_order_acq_rel);
  }
  void own() { word().store(kOwned, std::memory_order_release); }

 private:
  // Written as above: release by the thread that has restarted, acquire by all others.
  std::atomic<uint32_t>& word() const { return page_ != nullptr ? *page_ : *fallback_; }
  std::atomic<uint32_t>* page_ = nullptr;
  std::atomic<uint32_t>* fallback_;
  std::atomic<uint32_t> own_word_{kOwned};
};

}  // namespace millrace::library
