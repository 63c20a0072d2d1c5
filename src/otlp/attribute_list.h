// The attributes of one message as a list that can be changed: the basis of the resource and
// attributes processors. Values are read lazily: only keys are read until a value is requested.
// Nothing is written before write_message(); a list without changes leaves the message as it was.
//
// Bounded for any message: at most kAttributesMax attributes, 28 bytes each. New values beyond a
// few KiB, and copies of long values, are reserved in the budget. The first refusal is kept
// (failure()); later calls have no effect.
//
// Calls that read every attribute call the pace of the work. One thread. Use reset() for the next
// message, so that its memory is reused. The message must outlive its use.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "otlp/rope_writer.h"
#include "otlp/views.h"

namespace millrace::otlp {

// The limit for one resource, scope or item. SDKs send 128 at most.
inline constexpr size_t kAttributesMax = 64 * 1024;

class AttributeList {
 public:
  explicit AttributeList(Work& work) : work_(work) {}

  // Reads the attributes of `message`, which are in field `field_number`.
  void reset(MessageBytes message, uint32_t field_number);

  std::optional<AnyValueView> find(std::string_view key) const;
  bool contains(std::string_view key) const { return find_index(key).has_value(); }

  // Replaces the first attribute with that key, or appends one. `any_value` is the content of an
  // AnyValue (see the encode functions below); it is copied.
  void set(std::string_view key, std::string_view any_value);
  // As set() with the value of `from_key`. Without that key it returns false and sets nothing.
  bool set_copy(std::string_view key, std::string_view from_key);
  // Removes every attribute with that key.
  void erase(std::string_view key);
  // Removes every attribute for which `is_wanted(key)`. One pass over the list.
  template <class IsWanted>
  void erase_if(const IsWanted& is_wanted) {
    for (Entry& entry : entries_) {
      step_over(entry);
      if (entry.is_erased || !is_wanted(key_of(entry))) continue;
      entry.is_erased = true;
      is_changed_ = true;
    }
  }
  // Gives every attribute for which `is_wanted(key)` the value `new_value(AnyValueView)`, which
  // must be encoded. One pass over the list.
  template <class IsWanted, class NewValue>
  void replace_if(const IsWanted& is_wanted, const NewValue& new_value) {
    for (size_t i = 0; i < entries_.size() && !failed(); i++) {
      step_over(entries_[i]);
      if (entries_[i].is_erased || !is_wanted(key_of(entries_[i]))) continue;
      put_value(i, new_value(AnyValueView::read(value_of(entries_[i]))));
    }
  }
  bool is_changed() const { return is_changed_; }

  // Call before a value is copied or made text. Returns false and sets a failure when the budget
  // has no room for the copies of `value_bytes` bytes. The reservation lasts until reset().
  [[nodiscard]] bool may_copy(size_t value_bytes);

  // Ends the edit with an error of the editor's.
  void fail(const Error& error) {
    if (!failure_) failure_ = error;
  }
  // The first refusal since reset().
  const std::optional<Error>& failure() const { return failure_; }
  bool failed() const { return failure_.has_value(); }

  // Calls `visit(key, value)` for each attribute in order, with all changes so far.
  template <class Visit>
  void for_each(Visit&& visit) const {
    for (const Entry& entry : entries_) {
      step_over(entry);
      if (!entry.is_erased) visit(key_of(entry), AnyValueView::read(value_of(entry)));
    }
  }

  // The size and the bytes of the message with the changes. `owner` holds the message.
  size_t message_size() const;
  void write_message(const Bytes& owner, RopeWriter* into) const;

 private:
  // Positions in the message, or in own_ for new values. Messages are smaller than 4 GiB.
  struct Entry {
    uint32_t whole_at = 0;    // the field in the message
    uint32_t whole_size = 0;  // 0: the attribute was added
    uint32_t key_at = 0;
    uint32_t key_size = 0;
    uint32_t value_at = 0;
    uint32_t value_size = 0;
    bool is_own_value = false;
    bool is_erased = false;
  };
  std::optional<size_t> find_index(std::string_view key) const;
  MessageBytes part(const uint8_t* from, uint32_t at, uint32_t size) const {
    return {from + at, size};
  }
  const uint8_t* own() const { return reinterpret_cast<const uint8_t*>(own_.data()); }
  std::string_view key_of(const Entry& entry) const {
    const bool is_added = entry.whole_size == 0;
    return as_text(part(is_added ? own() : message_.data(), entry.key_at, entry.key_size));
  }
  MessageBytes value_of(const Entry& entry) const {
    return part(entry.is_own_value ? own() : message_.data(), entry.value_at, entry.value_size);
  }
  size_t content_size(const Entry& entry) const;
  void step_over(const Entry& entry) const { work_.pace.step(8 + entry.key_size / 8); }
  void refuse(std::string_view what, size_t need_bytes);
  bool make_room_for_entry();
  // Appends to own_ and returns the position.
  std::optional<uint32_t> put(std::string_view bytes);
  void put_value(size_t index, std::string_view any_value);
  bool make_own_room(size_t more);

  Work& work_;
  MessageBytes message_;
  uint32_t field_number_ = 0;
  std::vector<Entry> entries_;
  std::string own_;  // new keys and values
  Reservation entries_memory_;
  Reservation own_memory_;
  Reservation copies_memory_;
  std::optional<Error> failure_;
  bool is_changed_ = false;
};

// These return the content of an AnyValue.
std::string encode_string_value(std::string_view text);
std::string encode_bool_value(int64_t is_true);
std::string encode_int_value(int64_t number);
std::string encode_double_value(double number);

}  // namespace millrace::otlp
