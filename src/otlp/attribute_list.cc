#include "otlp/attribute_list.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <limits>
#include <utility>

#include "base/allocation_name.h"
#include "otlp/attribute_sinks.h"
#include "otlp/key_value.h"
#include "otlp/value_text.h"
#include "wire/field_search.h"
#include "wire/protobuf.h"
#include "wire/writer.h"

namespace millrace::otlp {

namespace {

// Lists up to this size use unreserved memory, a small constant; larger ones are reserved.
constexpr size_t kUnreservedEntries = 256;
constexpr size_t kUnreservedStretches = 256;
constexpr size_t kUnreservedCopyBytes = 16 * 1024;
// In messages up to this size the fields between two attributes are skipped without a step.
constexpr size_t kSkippedAtOnceBytes = 16 * 1024;

}  // namespace

void AttributeList::refuse(std::string_view what, size_t need_bytes) {
  if (!failed()) failure_ = no_memory(what, need_bytes, work_.pool.budget());
}

void AttributeList::reset(MessageBytes message, uint32_t field_number) {
  message_ = message;
  field_number_ = field_number;
  is_read_ = false;
  entries_.clear();
  stretches_.clear();
  own_.reset();
  failure_.reset();
  copies_memory_ = Reservation();
  is_changed_ = false;
}

void AttributeList::read_attributes() {
  is_read_ = true;
  const auto offset = [&](const uint8_t* at) {
    return static_cast<uint32_t>(at - message_.data());
  };
  bool has_split_value = false;
  const auto add = [&](const wire::LenField& field) {
    const KeyValueView view = read_key_value(field.bytes);
    if (!make_room_for_entry()) return false;
    Entry& entry = entries_.emplace_back();
    entry.whole_at = offset(field.whole.data());
    entry.whole_size = static_cast<uint32_t>(field.whole.size());
    entry.key_size = static_cast<uint32_t>(view.key.size());
    if (!view.key.empty()) {
      entry.key_at = offset(reinterpret_cast<const uint8_t*>(view.key.data()));
    }
    entry.value_size = static_cast<uint32_t>(view.value.size());
    if (!view.value.empty()) entry.value_at = offset(view.value.data());
    has_split_value |= view.is_split;
    return true;
  };
  if (message_.size() <= kSkippedAtOnceBytes) {
    wire::FieldSearch search(message_, field_number_);
    for (wire::LenField field; (field = search.next_len()).bytes.data() != nullptr;) {
      work_.pace.step(8);
      if (!add(field)) return entries_.clear();
    }
  } else {
    wire::FieldReader fields(message_);
    for (wire::Field field; fields.next(&field);) {
      work_.pace.step(8);
      if (!field.is(field_number_, wire::WireType::kLen)) continue;
      if (!add({field.bytes, field.whole})) return entries_.clear();
    }
  }
  if (has_split_value) join_split_values();
}

// Every reader joins the parts of a value, so an editor must see all of them: the attribute is
// written anew with one value.
void AttributeList::join_split_values() {
  size_t index = 0;
  wire::FieldReader fields(message_);
  for (wire::Field field; fields.next(&field);) {
    work_.pace.step(8);
    if (!field.is(field_number_, wire::WireType::kLen)) continue;
    if (KeyValueView::read(field.bytes).is_split) join_value(index, field.bytes);
    ++index;
  }
}

void AttributeList::join_value(size_t index, MessageBytes key_value) {
  constexpr uint32_t kValue = 2;  // KeyValue.value
  size_t size = 0;
  std::optional<uint32_t> begin;
  wire::FieldReader fields(key_value);
  for (wire::Field field; fields.next(&field);) {
    if (!field.is(kValue, wire::WireType::kLen)) continue;
    const std::optional<uint32_t> at = put(as_text(field.bytes));
    if (!at) return;
    if (!begin) begin = at;
    size += field.bytes.size();
  }
  set_own_value(index, *begin, size);
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

std::optional<size_t> AttributeList::find_index(std::string_view key) {
  read();
  work_.pace.step(4 * entries_.size());
  for (size_t i = 0; i < entries_.size(); i++) {
    if (!entries_[i].is_erased && key_of(entries_[i]) == key) return i;
  }
  return std::nullopt;
}

std::optional<AnyValueView> AttributeList::find(std::string_view key) {
  const std::optional<size_t> index = find_index(key);
  if (!index) return std::nullopt;
  return AnyValueView::read(value_of(entries_[*index]));
}

bool AttributeList::may_copy(size_t value_bytes) {
  if (failed()) return false;
  if (value_bytes <= std::max(kUnreservedCopyBytes, copies_memory_.bytes() / kTextBytesPerByte)) {
    return true;
  }
  const size_t bytes = value_bytes * kTextBytesPerByte;
  Reservation larger = Reservation::try_make(work_.pool.budget(), MemoryTerm::kWork, bytes);
  if (!larger) {
    refuse("copying an attribute", bytes);
    return false;
  }
  copies_memory_ = std::move(larger);
  return true;
}

std::optional<uint32_t> AttributeList::put(std::string_view bytes) {
  if (failed()) return std::nullopt;
  const size_t at = own_.size();
  own_.append(bytes);
  if (own_.size() > std::numeric_limits<uint32_t>::max()) refuse("setting attributes", own_.size());
  if (failed()) return std::nullopt;
  return static_cast<uint32_t>(at);
}

void AttributeList::put_value(size_t index, std::string_view any_value) {
  if (const auto at = put(any_value)) set_own_value(index, *at, any_value.size());
}

void AttributeList::put_text(size_t index, std::string_view text) {
  const size_t at = own_.size();
  if (text.size() < 0x80) {
    own_.append(static_cast<char>(wire::make_tag(1, wire::WireType::kLen)));
    own_.append(static_cast<char>(text.size()));
  } else {
    TextSink{own_}.prefix(1, text.size());
  }
  const size_t prefix_size = own_.size() - at;
  if (put(text)) set_own_value(index, static_cast<uint32_t>(at), prefix_size + text.size());
}

void AttributeList::set_own_value(size_t index, uint32_t at, size_t size) {
  entries_[index].is_own_value = true;
  entries_[index].value_at = at;
  entries_[index].value_size = static_cast<uint32_t>(size);
  is_changed_ = true;
}

bool AttributeList::make_room_for_stretch() {
  if (stretches_.size() < stretches_.capacity()) return true;
  const size_t count = std::max(2 * stretches_.size(), size_t{32});
  Reservation larger;
  if (count > kUnreservedStretches) {
    const size_t bytes = count * sizeof(Stretch);
    larger = Reservation::try_make(work_.pool.budget(), MemoryTerm::kWork, bytes);
    if (!larger) {
      refuse("editing a message", bytes);
      return false;
    }
  }
  const AllocationName name("term work");
  stretches_.reserve(count);
  stretches_memory_ = std::move(larger);
  return true;
}

AttributeList::Stretch* AttributeList::add_stretch(MessageBytes stretch) {
  if (failed() || !make_room_for_stretch()) return nullptr;
  const auto at = static_cast<uint32_t>(stretch.data() - message_.data());
  auto place = stretches_.end();
  while (place != stretches_.begin() && std::prev(place)->at > at) --place;
  return &*stretches_.insert(place, {.at = at,
                                     .size = static_cast<uint32_t>(stretch.size()),
                                     .own_at = static_cast<uint32_t>(own_.size())});
}

template <class Write>
void AttributeList::replace_with(MessageBytes stretch, const Write& write) {
  Stretch* const added = add_stretch(stretch);
  if (added == nullptr) return;
  const size_t before = own_.size();
  TextSink sink{own_};
  write(sink);
  if (!put({})) return;
  added->own_size = static_cast<uint32_t>(own_.size() - before);
  is_changed_ = true;
}

void AttributeList::replace(MessageBytes stretch, std::string_view fields) {
  replace_with(stretch, [&](TextSink& sink) { sink.write(as_span(fields)); });
}

void AttributeList::replace(const wire::Field& field, std::string_view content) {
  replace_by_field(field.whole, field.number, content);
}

void AttributeList::append_field(uint32_t number, std::string_view content) {
  replace_by_field(message_.last(0), number, content);
}

void AttributeList::replace_by_field(MessageBytes stretch, uint32_t number,
                                     std::string_view content) {
  replace_with(stretch, [&](TextSink& sink) {
    sink.prefix(number, content.size());
    sink.write(as_span(content));
  });
}

void AttributeList::replace(const wire::Field& field, AttributeList& nested) {
  if (!failed() && nested.failed()) fail(*nested.failure());
  replace_with(field.whole, [&](TextSink& sink) {
    sink.prefix(field.number, nested.message_size());
    nested.emit(sink);
  });
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
  return attribute_size(entry.key_size, entry.value_size);
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
  for (const Stretch& stretch : stretches_) size = size + stretch.own_size - stretch.size;
  return size;
}

template <class Sink>
void AttributeList::emit(Sink& into) const {
  uint32_t kept = 0;
  const auto skip = [&](uint32_t at, uint32_t size) {
    if (at > kept) into.keep(part(message_.data(), kept, at - kept));
    kept = at + size;
  };
  auto stretch = stretches_.begin();
  const auto put_stretches_until = [&](uint32_t at) {
    for (; stretch != stretches_.end() && stretch->at <= at; ++stretch) {
      work_.pace.step(4);
      skip(stretch->at, stretch->size);
      into.write(part(own(), stretch->own_at, stretch->own_size));
    }
  };
  const auto end = static_cast<uint32_t>(message_.size());
  for (const Entry& entry : entries_) {
    work_.pace.step(4);
    if (!entry.is_erased && !entry.is_own_value) continue;
    const uint32_t at = entry.whole_size == 0 ? end : entry.whole_at;
    put_stretches_until(at);
    skip(at, entry.whole_size);
    if (!entry.is_erased) write_attribute(into, field_number_, key_of(entry), value_of(entry));
  }
  put_stretches_until(end);
  skip(end, 0);
}

void AttributeList::write_message(const Bytes& owner, RopeWriter* into) const {
  RopeSink sink{owner, *into};
  emit(sink);
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
