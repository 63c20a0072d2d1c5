// Not part of the interface: the bytes under SpanBuilder, LogRecordBuilder and MetricPointBuilder.
//
// Protobuf written front to back into memory inside the builder (on the caller's stack), and on the
// heap only when an item is larger. In the header, so that the compiler folds constant keys and
// lengths: that is most of the difference between 100 and 300 ns a span.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "millrace/export.h"
#include "millrace/value.h"

MILLRACE_NAMESPACE_BEGIN
namespace detail {

inline constexpr size_t kInlineBytes = 1536;

inline uint8_t* put_varint(uint8_t* at, uint64_t value) noexcept {
  while (value >= 0x80) {
    *at++ = static_cast<uint8_t>(value | 0x80);
    value >>= 7;
  }
  *at++ = static_cast<uint8_t>(value);
  return at;
}
inline size_t varint_size(uint64_t value) noexcept {
  return (static_cast<size_t>(std::bit_width(value | 1)) + 6) / 7;
}
template <class Word>
inline Word load(const void* from) noexcept {
  Word word;
  std::memcpy(&word, from, sizeof word);
  return word;
}
template <class Word>
inline uint8_t* put_word(uint8_t* at, Word word) noexcept {
  std::memcpy(at, &word, sizeof word);
  return at + sizeof word;
}

// Copies and returns a combination (by or) of all bytes: the text is ASCII if the highest bit of
// each byte of the result is 0. For short texts the cost is half of a call of memcpy.
inline uint64_t copy_text(uint8_t* at, const char* text, size_t size) noexcept {
  if (size >= 8) {
    uint64_t all = 0;
    size_t i = 0;
    for (; i + 8 <= size; i += 8) {
      const auto word = load<uint64_t>(text + i);
      all |= word;
      put_word(at + i, word);
    }
    const auto last = load<uint64_t>(text + size - 8);
    put_word(at + size - 8, last);
    return all | last;
  }
  if (size >= 4) {
    const auto first = load<uint32_t>(text);
    const auto last = load<uint32_t>(text + size - 4);
    put_word(at, first);
    put_word(at + size - 4, last);
    return first | last;
  }
  uint64_t all = 0;
  for (size_t i = 0; i < size; ++i) {
    at[i] = static_cast<uint8_t>(text[i]);
    all |= at[i];
  }
  return all;
}
inline bool is_ascii(uint64_t all) noexcept { return (all & 0x8080808080808080) == 0; }

// Deviations while an item was written: repairs, omissions and failure.
struct Remarks {
  uint32_t repaired_texts = 0;  // texts that were not UTF-8
  uint32_t skipped = 0;         // attributes without a key, values nested too deep
  bool failed = false;          // too large, or no memory: the item cannot be collected
};

class Encoder {
 public:
  explicit Encoder(size_t front) noexcept { reset(front); }
  // NOLINTNEXTLINE(modernize-use-equals-default)
  ~Encoder() { release(); }
  Encoder(const Encoder&) = delete;
  Encoder& operator=(const Encoder&) = delete;

  // Begins a new item; leaves `front` bytes (at most kInlineBytes / 2) for fields written last.
  void reset(size_t front) noexcept {
    remarks_ = {};
    at_ = begin_ + front;
  }
  uint8_t* begin() noexcept { return begin_; }
  uint8_t* at() noexcept { return at_; }
  void end_at(uint8_t* at) noexcept { at_ = at; }
  size_t size() const noexcept { return static_cast<size_t>(at_ - begin_); }
  Remarks& remarks() noexcept { return remarks_; }

  // Memory for `bytes` bytes at at(), or null, with remarks().failed set, when there is none.
  uint8_t* room(size_t bytes) noexcept {
    if (static_cast<size_t>(end_ - at_) >= bytes) [[likely]] {
      return at_;
    }
    return grow(bytes) ? at_ : nullptr;
  }

  void varint_field(uint32_t number, uint64_t value) noexcept {
    uint8_t* at = room(20);
    if (at == nullptr) return;
    end_at(put_varint(put_varint(at, uint64_t{number} << 3), value));
  }
  void fixed64_field(uint32_t number, uint64_t value) noexcept {
    uint8_t* at = room(18);
    if (at == nullptr) return;
    end_at(put_word(put_varint(at, uint64_t{number} << 3 | 1), value));
  }
  void double_field(uint32_t number, double value) noexcept {
    fixed64_field(number, std::bit_cast<uint64_t>(value));
  }
  void fixed32_field(uint32_t number, uint32_t value) noexcept {
    uint8_t* at = room(14);
    if (at == nullptr) return;
    end_at(put_word(put_varint(at, uint64_t{number} << 3 | 5), value));
  }
  void bytes_field(uint32_t number, const uint8_t* data, size_t size) noexcept {
    uint8_t* at = room(20 + size);
    if (at == nullptr) return;
    at = put_varint(put_varint(at, uint64_t{number} << 3 | 2), size);
    if (size != 0) std::memcpy(at, data, size);
    end_at(at + size);
  }
  void text_field(uint32_t number, std::string_view text) noexcept {
    uint8_t* at = room(20 + text.size());
    if (at == nullptr) return;
    at = put_varint(put_varint(at, uint64_t{number} << 3 | 2), text.size());
    if (!is_ascii(copy_text(at, text.data(), text.size())) && !is_utf8(text)) [[unlikely]] {
      repaired_text_field(number, text);
      return;
    }
    end_at(at + text.size());
  }

  // A KeyValue as field `number` (below 16), with a value that is a text or a number.
  void text_attribute(uint32_t number, std::string_view key, std::string_view text) noexcept {
    // With both texts this short every length is one byte.
    if (key.size() <= 60 && text.size() <= 60 && !key.empty()) [[likely]] {
      uint8_t* at = room(128);
      if (at == nullptr) return;
      const size_t value_size = 2 + text.size();
      at[0] = static_cast<uint8_t>(number << 3 | 2);
      at[1] = static_cast<uint8_t>(4 + key.size() + value_size);
      at[2] = 0x0a;
      at[3] = static_cast<uint8_t>(key.size());
      uint64_t all = copy_text(at + 4, key.data(), key.size());
      at += 4 + key.size();
      at[0] = 0x12;
      at[1] = static_cast<uint8_t>(value_size);
      at[2] = 0x0a;
      at[3] = static_cast<uint8_t>(text.size());
      all |= copy_text(at + 4, text.data(), text.size());
      if (is_ascii(all)) [[likely]] {
        end_at(at + 4 + text.size());
        return;
      }
    }
    any_text_attribute(number, key, text);
  }
  void integer_attribute(uint32_t number, std::string_view key, int64_t value) noexcept {
    const auto word = static_cast<uint64_t>(value);
    const size_t size = 1 + varint_size(word);
    uint8_t* at = begin_attribute(number, key, size);
    if (at == nullptr) return;
    *at++ = 0x18;
    end_at(put_varint(at, word));
  }
  void bool_attribute(uint32_t number, std::string_view key, bool value) noexcept {
    uint8_t* at = begin_attribute(number, key, 2);
    if (at == nullptr) return;
    *at++ = 0x10;
    *at++ = value ? 1 : 0;
    end_at(at);
  }
  void double_attribute(uint32_t number, std::string_view key, double value) noexcept {
    uint8_t* at = begin_attribute(number, key, 9);
    if (at == nullptr) return;
    *at++ = 0x21;
    end_at(put_word(at, std::bit_cast<uint64_t>(value)));
  }
  MILLRACE_API void value_attribute(uint32_t number, std::string_view key,
                                    const Value& value) noexcept;
  // An AnyValue as field `number`.
  MILLRACE_API void value_field(uint32_t number, const Value& value) noexcept;

  // A nested message: open() and close() enclose the writing of its content.
  struct Nested {
    size_t content = 0;
  };
  Nested open(uint32_t number) noexcept {
    uint8_t* at = room(8);
    if (at == nullptr) return {};
    at = put_varint(at, uint64_t{number} << 3 | 2);
    end_at(at + 1);
    return {size()};
  }
  void close(Nested nested) noexcept {
    if (remarks_.failed) return;
    const size_t content_size = size() - nested.content;
    if (content_size < 0x80) [[likely]] {
      begin_[nested.content - 1] = static_cast<uint8_t>(content_size);
      return;
    }
    close_large(nested, content_size);
  }

 private:
  // Writes a KeyValue up to the content of a value of `value_size` bytes. Null: skipped or failed.
  uint8_t* begin_attribute(uint32_t number, std::string_view key, size_t value_size) noexcept {
    if (key.size() <= 100 && !key.empty()) [[likely]] {
      uint8_t* at = room(128);
      if (at == nullptr) return nullptr;
      at[0] = static_cast<uint8_t>(number << 3 | 2);
      at[1] = static_cast<uint8_t>(4 + key.size() + value_size);
      at[2] = 0x0a;
      at[3] = static_cast<uint8_t>(key.size());
      const uint64_t all = copy_text(at + 4, key.data(), key.size());
      if (is_ascii(all)) [[likely]] {
        at += 4 + key.size();
        at[0] = 0x12;
        at[1] = static_cast<uint8_t>(value_size);
        return at + 2;
      }
    }
    return begin_any_attribute(number, key, value_size);
  }

  MILLRACE_API static bool is_utf8(std::string_view text) noexcept;
  MILLRACE_API bool grow(size_t bytes) noexcept;
  MILLRACE_API void close_large(Nested nested, size_t content_size) noexcept;
  MILLRACE_API void repaired_text_field(uint32_t number, std::string_view text) noexcept;
  MILLRACE_API void any_text_attribute(uint32_t number, std::string_view key,
                                       std::string_view text) noexcept;
  MILLRACE_API uint8_t* begin_any_attribute(uint32_t number, std::string_view key,
                                            size_t value_size) noexcept;
  void value_content(const Value& value, int depth) noexcept;
  void array_content(std::span<const Value> array, int depth) noexcept;
  void map_content(std::span<const Attribute> map, int depth) noexcept;
  void release() noexcept {
    if (begin_ != inline_) delete[] begin_;
  }

  uint8_t* begin_ = inline_;
  uint8_t* at_ = inline_;
  uint8_t* end_ = inline_ + kInlineBytes;
  Remarks remarks_;
  uint8_t inline_[kInlineBytes];
};

}  // namespace detail
MILLRACE_NAMESPACE_END
