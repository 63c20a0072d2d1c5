#include "otlp/attribute_list.h"

#include <algorithm>
#include <limits>

#include "base/allocation_name.h"
#include "wire/protobuf.h"
#include "wire/writer.h"

namespace millrace::otlp {

namespace {

// Lists up to this size use unreserved memory, a small constant; larger ones are reserved.
constexpr size_t kUnreservedEntries = 256;
constexpr size_t kUnreservedOwnBytes = 16 * 1024;
constexpr size_t kUnreservedCopyBytes = 16 * 1024;
// The most copies of a byte on the way from one value to another: control characters in a list, as
// JSON (6 times), in a text that grows by doubling, encoded, and copied here.
constexpr size_t kCopiesPerByte = 20;

}  // namespace

void AttributeList::refuse(std::string_view what, size_t need_bytes) {
  if (!failure_) failure_ = no_memory(what, need_bytes, work_.pool.budget());
}

void AttributeList::reset(MessageBytes message, uint32_t field_number) {
  message_ = message;
  field_number_ = field_number;
  entries_.clear();
  own_.clear();
  failure_.reset();
  copies_memory_ = Reservation();
  is_changed_ = false;
  const auto offset = [&](const uint8_t* at) { return static_cast<uint32_t>(at - message.data()); };
  wire::FieldReader fields(message);
  for (wire::Field field; fields.next(&field);) {
    work_.pace.step(8);
    if (!field.is(field_number, wire::WireType::kLen)) continue;
    const KeyValueView view = KeyValueView::read(field.bytes);
    if (!make_room_for_entry()) return;
    Entry& entry = entries_.emplace_back();
    entry.whole_at = offset(field.whole.data());
    entry.whole_size = static_cast<uint32_t>(field.whole.size());
    entry.key_size = static_cast<uint32_t>(view.key.size());
    if (!view.key.empty()) {
      entry.key_at = offset(reinterpret_cast<const uint8_t*>(view.key.data()));
    }
    entry.value_size = static_cast<uint32_t>(view.value.size());
    if (!view.value.empty()) entry.value_at = offset(view.value.data());
  }
}

bool AttributeList::make_room_for_entry() {
  if (entries_.size() < entries_.capacity()) return true;
  if (entries_.size() >= kAttributesMax) {
    failure_ =
        Error{Code::kResourceExhausted, "more than " + std::to_string(kAttributesMax) +
                                            " attributes of one item, which cannot be edited"};
    return false;
  }
  const size_t count = std::clamp(2 * entries_.size(), size_t{32}, kAttributesMax);
  if (count > kUnreservedEntries) {
    const size_t bytes = count * sizeof(Entry);
    Reservation larger = Reservation::try_make(work_.pool.budget(), MemoryTerm::kWork, bytes);
    if (!larger) {
      refuse("editing attributes", bytes);
      return false;
    }
    const AllocationName name("term work");
    entries_.reserve(count);
    entries_memory_ = std::move(larger);
    return true;
  }
  entries_.reserve(count);
  return true;
}

std::optional<size_t> AttributeList::find_index(std::string_view key) const {
  work_.pace.step(4 * entries_.size());
  for (size_t i = 0; i < entries_.size(); i++) {
    if (!entries_[i].is_erased && key_of(entries_[i]) == key) return i;
  }
  return std::nullopt;
}

std::optional<AnyValueView> AttributeList::find(std::string_view key) const {
  const std::optional<size_t> index = find_index(key);
  if (!index) return std::nullopt;
  return AnyValueView::read(value_of(entries_[*index]));
}

bool AttributeList::may_copy(size_t value_bytes) {
  if (failed()) return false;
  if (value_bytes <= std::max(kUnreservedCopyBytes, copies_memory_.bytes() / kCopiesPerByte)) {
    return true;
  }
  const size_t bytes = value_bytes * kCopiesPerByte;
  Reservation larger = Reservation::try_make(work_.pool.budget(), MemoryTerm::kWork, bytes);
  if (!larger) {
    refuse("copying an attribute", bytes);
    return false;
  }
  copies_memory_ = std::move(larger);
  return true;
}

bool AttributeList::make_own_room(size_t more) {
  const size_t needed = own_.size() + more;
  if (needed <= own_.capacity()) return true;
  const size_t capacity = std::max(needed, 2 * own_.capacity());
  Reservation larger;
  if (capacity > kUnreservedOwnBytes) {
    larger = Reservation::try_make(work_.pool.budget(), MemoryTerm::kWork, capacity);
    if (!larger || needed > std::numeric_limits<uint32_t>::max()) {
      refuse("setting attributes", capacity);
      return false;
    }
  }
  const AllocationName name("term work");
  own_.reserve(capacity);
  own_memory_ = std::move(larger);
  return true;
}

std::optional<uint32_t> AttributeList::put(std::string_view bytes) {
  if (failed() || !make_own_room(bytes.size())) return std::nullopt;
  const auto at = static_cast<uint32_t>(own_.size());
  own_ += bytes;
  return at;
}

void AttributeList::put_value(size_t index, std::string_view any_value) {
  const std::optional<uint32_t> at = put(any_value);
  if (!at) return;
  entries_[index].is_own_value = true;
  entries_[index].value_at = *at;
  entries_[index].value_size = static_cast<uint32_t>(any_value.size());
  is_changed_ = true;
}

void AttributeList::set(std::string_view key, std::string_view any_value) {
  if (failed()) return;
  std::optional<size_t> index = find_index(key);
  if (!index) {
    const std::optional<uint32_t> at = put(key);
    if (!at || !make_room_for_entry()) return;
    Entry& added = entries_.emplace_back();
    added.key_at = *at;
    added.key_size = static_cast<uint32_t>(key.size());
    index = entries_.size() - 1;
  }
  put_value(*index, any_value);
}

bool AttributeList::set_copy(std::string_view key, std::string_view from_key) {
  const std::optional<size_t> from = find_index(from_key);
  if (!from) return false;
  const MessageBytes value = value_of(entries_[*from]);
  if (!entries_[*from].is_own_value) {  // the value is in the message, which does not move
    set(key, as_text(value));
  } else if (may_copy(value.size())) {
    set(key, std::string(as_text(value)));
  }
  return true;
}

void AttributeList::erase(std::string_view key) {
  erase_if([&](std::string_view one) { return one == key; });
}

size_t AttributeList::content_size(const Entry& entry) const {
  return wire::len_field_size(1, entry.key_size) + wire::len_field_size(2, entry.value_size);
}

size_t AttributeList::message_size() const {
  size_t size = message_.size();
  for (const Entry& entry : entries_) {
    if (entry.is_erased) {
      size -= entry.whole_size;
    } else if (entry.is_own_value) {
      size += wire::len_field_size(field_number_, content_size(entry)) - entry.whole_size;
    }
  }
  return size;
}

void AttributeList::write_message(const Bytes& owner, RopeWriter* into) const {
  const uint8_t* kept = message_.data();
  const uint8_t* const end = kept + message_.size();
  const auto keep_until = [&](const uint8_t* until) {
    into->keep(owner, {kept, until});
    kept = until;
  };
  for (const Entry& entry : entries_) {
    work_.pace.step(4);
    if (!entry.is_erased && !entry.is_own_value) continue;
    if (entry.whole_size == 0) {
      keep_until(end);
    } else {
      keep_until(message_.data() + entry.whole_at);
      kept += entry.whole_size;
    }
    if (entry.is_erased) continue;
    into->write_len_prefix(field_number_, content_size(entry));
    into->write_len_prefix(1, entry.key_size);
    into->write(as_span(key_of(entry)));
    into->write_len_prefix(2, entry.value_size);
    into->write(value_of(entry));
  }
  keep_until(end);
}

std::string encode_string_value(std::string_view text) {
  wire::Writer writer(text.size() + 16);
  writer.string_field(1, text);
  return writer.to_string();
}

std::string encode_bool_value(int64_t is_true) {
  wire::Writer writer(16);
  writer.varint_field(2, is_true != 0);
  return writer.to_string();
}

std::string encode_int_value(int64_t number) {
  wire::Writer writer(16);
  writer.varint_field(3, static_cast<uint64_t>(number));
  return writer.to_string();
}

std::string encode_double_value(double number) {
  wire::Writer writer(16);
  writer.double_field(4, number);
  return writer.to_string();
}

}  // namespace millrace::otlp
