// A text as attributes hold it: up to 31 bytes, which most keys and values are, lie inside the
// object and are no allocation. Always a copy of the caller's; compared like numbers; one thread
// each.
#pragma once

#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "millrace/detail/slot.h"
#include "millrace/export.h"

MILLRACE_NAMESPACE_BEGIN
namespace detail {
struct Access;
}

class Text {
 public:
  // NOLINTBEGIN(google-explicit-constructor): texts of all kinds are one.
  Text() noexcept = default;  // empty
  // Null is an empty text.
  Text(const char* text) : slot_(text == nullptr ? std::string_view() : std::string_view(text)) {}
  Text(std::string_view text) : slot_(text) {}                         // copied
  Text(const std::string& text) : slot_(std::string_view(text)) {}     // copied
  operator std::string_view() const noexcept { return slot_.text(); }  // until it changes
  // NOLINTEND(google-explicit-constructor)
  // Moving leaves an empty text behind.
  Text(const Text& other) : slot_(other.slot_.copy_text()) {}
  Text(Text&& other) noexcept : slot_(std::exchange(other.slot_, {})) {}
  Text& operator=(Text other) noexcept {
    std::swap(slot_, other.slot_);
    return *this;
  }
  ~Text() { slot_.free_text(); }

  // No zero need follow.
  const char* data() const noexcept { return slot_.text().data(); }
  size_t size() const noexcept { return slot_.text().size(); }  // in bytes
  bool empty() const noexcept { return size() == 0; }           // whether it has no bytes
  // With another Text, or whatever else is a view of characters.
  template <class Other>
    requires std::convertible_to<const Other&, std::string_view>
  friend bool operator==(const Text& a, const Other& b) {
    return std::string_view(a) == std::string_view(b);
  }

 private:
  friend struct detail::Access;
  detail::Slot slot_;
};

MILLRACE_NAMESPACE_END
