// The attributes of one message as a list that can be changed, and other fields of the message that
// are replaced: the basis of the processors that edit. Attributes are read when they are first
// asked for, their values when they are looked at. Nothing is written before write_message(); a
// list without changes leaves the message as it was.
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

#include "memory/reserved_text.h"
#include "otlp/rope_writer.h"
#include "otlp/views.h"

namespace millrace::otlp {

// The limit for one resource, scope or item. SDKs send 128 at most.
inline constexpr size_t kAttributesMax = 64 * 1024;

class AttributeList {
 public:
  explicit AttributeList(Work& work) : work_(work), own_(work, "setting attributes") {}

  // Of `message`, whose attributes are in field `field_number`.
  void reset(MessageBytes message, uint32_t field_number);
  MessageBytes message() const { return message_; }

  std::optional<AnyValueView> find(std::string_view key);
  bool contains(std::string_view key) { return find_index(key).has_value(); }

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
    read();
    for (Entry& entry : entries_) {
      step_over(entry);
      if (!entry.is_erased && is_wanted(key_of(entry))) erase_entry(entry);
    }
  }
  // Gives every attribute for which `is_wanted(key)` the value `new_value(AnyValueView)`, which
  // must be encoded. One pass over the list.
  template <class IsWanted, class NewValue>
  void replace_if(const IsWanted& is_wanted, const NewValue& new_value) {
    read();
    for (size_t i = 0; i < entries_.size() && !failed(); i++) {
      step_over(entries_[i]);
      if (entries_[i].is_erased || !is_wanted(key_of(entries_[i]))) continue;
      put_value(i, new_value(AnyValueView::read(value_of(entries_[i]))));
    }
  }
  // Calls `change(key, value, text)` for each attribute: kErase removes it, kSetText gives it the
  // string that `*text` has become. One pass over the list.
  enum class Change : uint8_t { kKeep, kErase, kSetText };
  template <class ChangeOne>
  void change_each(const ChangeOne& change) {
    read();
    for (size_t i = 0; i < entries_.size() && !failed(); i++) {
      step_over(entries_[i]);
      if (entries_[i].is_erased) continue;
      std::string_view text;
      const auto view = AnyValueView::read(value_of(entries_[i]));
      const Change done = change(key_of(entries_[i]), view, &text);
      if (done == Change::kErase) erase_entry(entries_[i]);
      if (done == Change::kSetText) put_text(i, text);
    }
  }
  bool is_changed() const { return is_changed_; }

  // Replaces whole fields of the message, `stretch`, by `fields`, which are copied; an empty
  // stretch at the end of the message appends. Stretches must neither overlap nor hold an
  // attribute. Cheap in the order of the message.
  void replace(MessageBytes stretch, std::string_view fields);
  void append(std::string_view fields) { replace(message_.last(0), fields); }
  void append_field(uint32_t number, std::string_view content);
  // Replaces the content of a field.
  void replace(const wire::Field& field, std::string_view content);
  // Replaces a nested message, which is one whole field of this one, by `nested` with its changes.
  void replace(const wire::Field& field, AttributeList& nested);

  // Call before a value is copied or made text. Returns false and sets a failure when the budget
  // has no room for the copies of `value_bytes` bytes. The reservation lasts until reset().
  [[nodiscard]] bool may_copy(size_t value_bytes);

  // Ends the edit with an error of the editor's.
  void fail(const Error& error) {
    if (!failed()) failure_ = error;
  }
  // The first refusal since reset().
  const std::optional<Error>& failure() const { return failure_ ? failure_ : own_.failure(); }
  bool failed() const { return failure_.has_value() || own_.failed(); }

  // Calls `visit(key, value)` for each attribute in order, with all changes so far.
  template <class Visit>
  void for_each(Visit&& visit) {
    read();
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
  // Fields that are replaced: a part of the message by a part of own_.
  struct Stretch {
    uint32_t at = 0;
    uint32_t size = 0;
    uint32_t own_at = 0;
    uint32_t own_size = 0;
  };
  void read() {
    if (!is_read_) read_attributes();
  }
  void read_attributes();
  void join_split_values();
  void join_value(size_t index, MessageBytes key_value);
  std::optional<size_t> find_index(std::string_view key);
  MessageBytes part(const uint8_t* from, uint32_t at, uint32_t size) const {
    return {from + at, size};
  }
  const uint8_t* own() const { return as_span(own_.view()).data(); }
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
  void erase_entry(Entry& entry) {
    entry.is_erased = true;
    is_changed_ = true;
  }
  bool make_room_for_entry();
  bool make_room_for_stretch();
  Stretch* add_stretch(MessageBytes stretch);
  void replace_by_field(MessageBytes stretch, uint32_t number, std::string_view content);
  template <class Write>
  void replace_with(MessageBytes stretch, const Write& write);
  // Appends to own_ and returns the position.
  std::optional<uint32_t> put(std::string_view bytes);
  void put_value(size_t index, std::string_view any_value);
  void put_text(size_t index, std::string_view text);
  void set_own_value(size_t index, uint32_t at, size_t size);
  // Writes the message to `into`: keep(stretch of the message), write(bytes), prefix(field, size).
  template <class Sink>
  void emit(Sink& into) const;

  Work& work_;
  MessageBytes message_;
  uint32_t field_number_ = 0;
  bool is_read_ = false;
  std::vector<Entry> entries_;
  std::vector<Stretch> stretches_;  // in the order of the message
  ReservedText own_;                // new keys and values
  Reservation entries_memory_;
  Reservation stretches_memory_;
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
