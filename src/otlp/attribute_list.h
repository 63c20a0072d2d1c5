// The attributes of one message as a list that can be changed: what the resource and attributes
// processors, and later transform, work on. Reading is lazy in the values: only keys are looked at
// until one is asked for. Nothing is written before write_message(); a list that was not changed
// leaves the message as it was.
//
// One thread; made to be reset and used again for the next message, so that its memory is reused.
// The message must outlive its use.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "otlp/piece_list.h"
#include "otlp/views.h"

namespace millrace::otlp {

class AttributeList {
 public:
  // Reads the attributes in field `field_number` of `message`.
  void reset(MessageBytes message, uint32_t field_number);

  std::optional<AnyValueView> find(std::string_view key) const;
  // The encoded value, safe to set under another key.
  std::optional<std::string> copy_value(std::string_view key) const;
  bool contains(std::string_view key) const { return find_index(key).has_value(); }

  // Replaces the first attribute of that key, or appends one. `any_value` is the content of an
  // AnyValue (see the encode functions below); it is copied.
  void set(std::string_view key, std::string_view any_value);
  // Removes every attribute of that key.
  void erase(std::string_view key);
  bool is_changed() const { return is_changed_; }

  // Calls `visit(key, value)` for each attribute in order, as changed so far.
  template <class Visit>
  void for_each(Visit&& visit) const {
    for (const Entry& entry : entries_) {
      if (!entry.is_erased) visit(key_of(entry), AnyValueView::read(value_of(entry)));
    }
  }

  // The size and the bytes of the message with the changes in. `owner` holds the message.
  size_t message_size() const;
  void write_message(const Bytes& owner, PieceList* into) const;

 private:
  // Offsets into own_, because it grows; or a stretch of the message.
  struct Entry {
    MessageBytes whole;  // the field in the message; empty for an attribute that was added
    KeyValueView view;
    size_t own_key = 0;
    size_t own_key_size = 0;
    size_t own_value = 0;
    size_t own_value_size = 0;
    bool is_own_key = false;
    bool is_own_value = false;
    bool is_erased = false;
  };
  std::optional<size_t> find_index(std::string_view key) const;
  std::string_view key_of(const Entry& entry) const {
    return entry.is_own_key ? std::string_view(own_).substr(entry.own_key, entry.own_key_size)
                            : entry.view.key;
  }
  MessageBytes value_of(const Entry& entry) const {
    return entry.is_own_value
               ? as_span(std::string_view(own_).substr(entry.own_value, entry.own_value_size))
               : entry.view.value;
  }
  size_t content_size(const Entry& entry) const;

  MessageBytes message_;
  uint32_t field_number_ = 0;
  std::vector<Entry> entries_;
  std::string own_;  // keys and values that were set
  bool is_changed_ = false;
};

// Contents of an AnyValue.
std::string encode_string_value(std::string_view text);
std::string encode_bool_value(int64_t is_true);
std::string encode_int_value(int64_t number);
std::string encode_double_value(double number);

}  // namespace millrace::otlp
