// The attributes of one message as a list that can be changed: what the resource and attributes
// processors, and later transform, work on. Reading is lazy in the values: only keys are looked at
// until one is asked for. Nothing is written before write_message(); a list that was not changed
// leaves the message as it was.
//
// Bounded whatever the message holds: at most kAttributesMax attributes, 28 bytes each; what is set
// is reserved in the budget beyond a few KiB, and so are copies of long values. The first refusal
// stays (failure()); what is asked of the list behind it changes nothing.
//
// Each call that looks at every attribute says so to the pace of the work. One thread; made to be
// reset and used again for the next message, so that its memory is reused. The message must outlive
// its use.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "otlp/rope_writer.h"
#include "otlp/views.h"

namespace millrace::otlp {

// Of one resource, scope or item. SDKs send 128 at most.
inline constexpr size_t kAttributesMax = 64 * 1024;

class AttributeList {
 public:
  explicit AttributeList(Work& work) : work_(work) {}

  // Reads the attributes in field `field_number` of `message`.
  void reset(MessageBytes message, uint32_t field_number);

  std::optional<AnyValueView> find(std::string_view key) const;
  bool contains(std::string_view key) const { return find_index(key).has_value(); }

  // Replaces the first attribute of that key, or appends one. `any_value` is the content of an
  // AnyValue (see the encode functions below); it is copied.
  void set(std::string_view key, std::string_view any_value);
  // The same with the value that `from_key` has; false, and nothing set, where there is none.
  bool set_copy(std::string_view key, std::string_view from_key);
  // Removes every attribute of that key.
  void erase(std::string_view key);
  // Removes every attribute for whose key `is_wanted(key)`. One pass, however many there are.
  template <class IsWanted>
  void erase_if(const IsWanted& is_wanted) {
    for (Entry& entry : entries_) {
      step_over(entry);
      if (entry.is_erased || !is_wanted(key_of(entry))) continue;
      entry.is_erased = true;
      is_changed_ = true;
    }
  }
  // Gives every attribute for whose key `is_wanted(key)` the value `new_value(AnyValueView)`, an
  // encoded one. One pass.
  template <class IsWanted, class NewValue>
  void replace_if(const IsWanted& is_wanted, const NewValue& new_value) {
    for (size_t i = 0; i < entries_.size() && !failed(); i++) {
      step_over(entries_[i]);
      if (entries_[i].is_erased || !is_wanted(key_of(entries_[i]))) continue;
      put_value(i, new_value(AnyValueView::read(value_of(entries_[i]))));
    }
  }
  bool is_changed() const { return is_changed_; }

  // To be asked before a value is copied or made text: false, and a failure, where the budget has
  // no room for the copies of so many bytes. What it reserves lasts until the next reset().
  [[nodiscard]] bool may_copy(size_t value_bytes);

  // The first refusal since reset().
  const std::optional<Error>& failure() const { return failure_; }
  bool failed() const { return failure_.has_value(); }

  // Calls `visit(key, value)` for each attribute in order, as changed so far.
  template <class Visit>
  void for_each(Visit&& visit) const {
    for (const Entry& entry : entries_) {
      step_over(entry);
      if (!entry.is_erased) visit(key_of(entry), AnyValueView::read(value_of(entry)));
    }
  }

  // The size and the bytes of the message with the changes in. `owner` holds the message.
  size_t message_size() const;
  void write_message(const Bytes& owner, RopeWriter* into) const;

 private:
  // Places in the message, or in own_ for what was set. Messages are smaller than 4 GiB.
  struct Entry {
    uint32_t whole_at = 0;    // the field in the message
    uint32_t whole_size = 0;  // 0: an attribute that was added
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
  // Appends to own_; its place there.
  std::optional<uint32_t> put(std::string_view bytes);
  void put_value(size_t index, std::string_view any_value);
  bool make_own_room(size_t more);

  Work& work_;
  MessageBytes message_;
  uint32_t field_number_ = 0;
  std::vector<Entry> entries_;
  std::string own_;  // keys and values that were set
  Reservation entries_memory_;
  Reservation own_memory_;
  Reservation copies_memory_;
  std::optional<Error> failure_;
  bool is_changed_ = false;
};

// Contents of an AnyValue.
std::string encode_string_value(std::string_view text);
std::string encode_bool_value(int64_t is_true);
std::string encode_int_value(int64_t number);
std::string encode_double_value(double number);

}  // namespace millrace::otlp
