// Not part of the interface: the 32 bytes of Text and Value. They hold a short text, the address of
// a long one, or (in a Value) another type; the last byte says which. A slot owns no memory itself:
// copying it copies its bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "millrace/export.h"

MILLRACE_NAMESPACE_BEGIN
namespace detail {

class Slot {
 public:
  static constexpr uint8_t kInlineMax = 31;
  // Tags up to kInlineMax are the length of an inline text. Value defines further tags.
  static constexpr uint8_t kLongText = kInlineMax + 1;  // { const char* data; size_t size }

  constexpr Slot() noexcept = default;
  explicit Slot(std::string_view text) : tag_(static_cast<uint8_t>(text.size())) {
    if (text.size() > kInlineMax) [[unlikely]] {
      set_long_text(text);
    } else if (!text.empty()) {
      std::memcpy(bytes_, text.data(), text.size());
    }
  }
  template <class Tag, class Word>
  Slot(Tag tag, Word word) noexcept : tag_(static_cast<uint8_t>(tag)) {
    set_word(0, word);
  }
  uint8_t tag() const noexcept { return tag_; }
  bool is_text() const noexcept { return tag_ <= kLongText; }
  // Precondition: is_text(). The encoder relies on 32 readable bytes at data() and on nothing but
  // ASCII behind a short text: zeros and the tag.
  std::string_view text() const noexcept {
    if (tag_ <= kInlineMax) [[likely]] {
      return {bytes_, tag_};
    }
    return {word<const char*>(0), word<size_t>(1)};
  }
  template <class Word>
  Word word(size_t index) const noexcept {
    static_assert(sizeof(Word) == kWordBytes);
    Word word;
    std::memcpy(&word, bytes_ + index * kWordBytes, kWordBytes);
    return word;
  }
  // Precondition: is_text().
  Slot copy_text() const { return tag_ <= kInlineMax ? *this : Slot(text()); }
  void free_text() noexcept {
    if (tag_ == kLongText) [[unlikely]] {
      delete[] word<const char*>(0);
    }
  }

 private:
  static constexpr size_t kWordBytes = 8;
  template <class Word>
  void set_word(size_t index, Word word) noexcept {
    static_assert(sizeof(Word) == kWordBytes);
    std::memcpy(bytes_ + index * kWordBytes, &word, kWordBytes);
  }
  void set_long_text(std::string_view text) {
    auto* copy = new char[text.size()];
    std::memcpy(copy, text.data(), text.size());
    set_word(0, copy);
    set_word(1, text.size());
    tag_ = kLongText;
  }

  alignas(8) char bytes_[kInlineMax] = {};
  uint8_t tag_ = 0;
};

}  // namespace detail
MILLRACE_NAMESPACE_END
