// The text type of attributes. Up to 31 bytes, which is enough for most keys and values, are stored
// inside the object without an allocation. It always owns a copy. One thread at a time.
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
  // NOLINTBEGIN(google-explicit-constructor): every kind of text converts to Text.
  Text() noexcept = default;  // empty
  // A null pointer gives an empty text.
  Text(const char* text) : slot_(text == nullptr ? std::string_view() : std::string_view(text)) {}
  Text(std::string_view text) : slot_(text) {}                         // copied
  Text(const std::string& text) : slot_(std::string_view(text)) {}     // copied
  operator std::string_view() const noexcept { return slot_.text(); }  // valid until it changes
  // NOLINTEND(google-explicit-constructor)
  // A text that was moved from is empty.
  Text(const Text& other) : slot_(other.slot_.copy_text()) {}
  Text(Text&& other) noexcept : slot_(std::exchange(other.slot_, {})) {}
  Text& operator=(Text other) noexcept {
    std::swap(slot_, other.slot_);
    return *this;
  }
  ~Text() { slot_.free_text(); }

  // Not necessarily followed by a zero byte.
  const char* data() const noexcept { return slot_.text().data(); }
  size_t size() const noexcept { return slot_.text().size(); }  // in bytes
  bool empty() const noexcept { return size() == 0; }           // whether it has no bytes
  // Compares with another Text, or with any type that converts to a view of characters.
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
