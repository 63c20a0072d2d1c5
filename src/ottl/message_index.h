// Where the fields of a message are, for messages that are read several times. The first use
// searches the message; the second one builds the index by one walk.
//
// Bounded: a message with more than kAttributesMax attributes is always searched. One thread; the
// message must outlive its use.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "otlp/views.h"

namespace millrace::ottl {

struct Value;

// An attribute as received.
struct ReceivedEntry {
  const char* key_data;
  const uint8_t* content_data;
  const uint8_t* whole_data;
  uint32_t key_size;
  uint32_t content_size;

  std::string_view key() const { return {key_data, key_size}; }
  otlp::MessageBytes content() const { return {content_data, content_size}; }  // the KeyValue
  otlp::MessageBytes whole() const { return {whole_data, content_data + content_size}; }
  Value value() const;
};

class MessageIndex {
 public:
  static constexpr size_t kAttributesMax = 256;

  // Forgets the message before it.
  void begin(otlp::MessageBytes message) {
    message_ = message;
    state_ = State::kUnused;
  }

  // Builds the index at the first use already.
  void expect_uses() { state_ = State::kUsed; }

  // Call once for each use. `attributes_number()` returns the number of the field that holds the
  // attributes (0: none). False: the caller must search the message. All functions below need true.
  template <class AttributesNumber>
  bool is_ready(const AttributesNumber& attributes_number) {
    if (state_ == State::kBuilt) return true;
    if (state_ != State::kUsed) {
      if (state_ == State::kUnused) state_ = State::kUsed;
      return false;
    }
    state_ = build(attributes_number()) ? State::kBuilt : State::kSearched;
    return state_ == State::kBuilt;
  }
  // The attributes in order.
  std::span<const ReceivedEntry> attributes() const {
    return {attributes_.get(), attributes_count_};
  }
  const ReceivedEntry* find(std::string_view key) const {
    for (const ReceivedEntry& entry : attributes()) {
      if (entry.key_size == key.size() && entry.key() == key) return &entry;
    }
    return nullptr;
  }
  // The fields of another number below 32, of any wire type.
  bool has(uint32_t number) const { return (present_ >> number & 1) != 0; }
  bool has_several(uint32_t number) const { return (repeated_ >> number & 1) != 0; }
  // The rest of the message from the last of them on. Precondition: has(number).
  otlp::MessageBytes from_last(uint32_t number) const {
    return message_.subspan(positions_[number]);
  }

 private:
  enum class State : uint8_t { kUnused, kUsed, kBuilt, kSearched };
  static constexpr uint32_t kNumbersEnd = 32;

  bool build(uint32_t attributes_number);

  otlp::MessageBytes message_;
  State state_ = State::kSearched;
  uint32_t present_ = 0;
  uint32_t repeated_ = 0;
  std::array<uint32_t, kNumbersEnd> positions_ =
      {};                                        // of the last field of each number, if present
  std::unique_ptr<ReceivedEntry[]> attributes_;  // made for the first message that is indexed
  size_t attributes_count_ = 0;
};

}  // namespace millrace::ottl
