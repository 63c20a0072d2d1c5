// Bytes that a connection keeps from one turn of the loop to the next: input that its protocol has
// not looked at, or output that the peer has not taken. What is more than each connection has
// reserved for it is reserved when it is kept.
//
// One connection's, on its loop.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "memory/budget.h"

namespace millrace::transport {

class KeptBytes {
 public:
  struct Terms {
    MemoryTerm term;
    const char* allocation;  // the term's name (base/allocation_name.h), a literal
    size_t included;         // bytes that the connection's own reservation covers
  };
  KeptBytes(Budget& budget, Terms terms) : budget_(budget), terms_(terms) {}

  bool empty() const { return used_ == bytes_.size(); }
  size_t size() const { return bytes_.size() - used_; }
  std::string_view rest() const { return std::string_view(bytes_).substr(used_); }
  // Replaces what is kept. False: the budget refuses the memory, and nothing is kept.
  bool try_keep(std::string_view bytes);
  // The first `count` bytes of rest() are used up. The memory goes with the last of them.
  void use(size_t count);
  // Everything, and nothing is kept any more.
  std::string release();

 private:
  Budget& budget_;
  const Terms terms_;
  std::string bytes_;
  size_t used_ = 0;
  Reservation memory_;
};

}  // namespace millrace::transport
