#include "processors/groupbyattrs/group_key.h"

#include <openssl/evp.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <functional>
#include <string_view>
#include <vector>

#include "base/check.h"

namespace millrace::processors::groupbyattrs {

namespace {

using otlp::AnyValueView;
using otlp::ElementReader;
using otlp::KeyValueView;
using otlp::MessageBytes;
using Type = AnyValueView::Type;

// Units of the pace for one entry that is sorted and hashed.
constexpr size_t kEntryUnits = 64;

// Equal keys stay in the order of the message.
bool in_order(std::string_view key, std::string_view other_key, const void* at,
              const void* other_at) {
  return key != other_key ? key < other_key : std::less<>()(at, other_at);
}

}  // namespace

void GroupKeyMaker::append_number(uint64_t number) {
  char bytes[sizeof number];
  std::memcpy(bytes, &number, sizeof number);
  text_.append({bytes, sizeof number});
}

void GroupKeyMaker::append_text(std::string_view text) {
  append_number(text.size());
  text_.append(text);
}

// Of several entries with the same key the first one holds, once for each of them.
void GroupKeyMaker::append_map(const AnyValueView& value) {
  size_t count = 0;
  MessageBytes element;
  for (ElementReader reader(value); reader.next(&element);) count++;
  // The list below has as much room as this text is given for it.
  const size_t before = text_.size();
  if (!text_.make_room(count * sizeof(MessageBytes))) return;
  std::vector<MessageBytes> entries;
  entries.reserve(count);
  for (ElementReader reader(value); reader.next(&element);) entries.push_back(element);
  std::ranges::sort(entries, [](MessageBytes a, MessageBytes b) {
    return in_order(KeyValueView::read(a).key, KeyValueView::read(b).key, a.data(), b.data());
  });
  MILLRACE_CHECK(text_.size() == before);
  append_number(count);
  const MessageBytes* first = nullptr;
  for (const MessageBytes& entry : entries) {
    work_.pace.step(kEntryUnits);
    const std::string_view key = KeyValueView::read(entry).key;
    if (first == nullptr || KeyValueView::read(*first).key != key) first = &entry;
    append_text(key);
    append_value(AnyValueView::read(KeyValueView::read(*first).value));
  }
}

void GroupKeyMaker::append_value(const AnyValueView& value) {
  text_.append(static_cast<char>(value.type));
  switch (value.type) {
    case Type::kEmpty:
      return;
    case Type::kString:
    case Type::kBytes:
      return append_text(value.text);
    case Type::kBool:
    case Type::kInt:
      return append_number(static_cast<uint64_t>(value.int_value));
    case Type::kDouble:
      return append_number(std::bit_cast<uint64_t>(value.double_value));
    case Type::kKvlist:
      return append_map(value);
    case Type::kArray:
      break;
  }
  size_t count = 0;
  MessageBytes element;
  for (ElementReader reader(value); reader.next(&element);) count++;
  append_number(count);
  for (ElementReader reader(value); reader.next(&element);) {
    work_.pace.step(kEntryUnits);
    append_value(AnyValueView::read(element));
  }
}

GroupKey GroupKeyMaker::make(otlp::AttributeList& attributes) {
  struct Entry {
    std::string_view key;
    AnyValueView value;
  };
  text_.reset();
  GroupKey key{};
  if (!attributes.may_copy(attributes.message().size())) return key;
  std::vector<Entry> entries;
  attributes.for_each(
      [&](std::string_view name, const AnyValueView& value) { entries.push_back({name, value}); });
  std::ranges::sort(entries, [](const Entry& a, const Entry& b) {
    return in_order(a.key, b.key, a.key.data(), b.key.data());
  });
  const Entry* first = nullptr;
  for (const Entry& entry : entries) {
    work_.pace.step(kEntryUnits);
    if (first == nullptr || first->key != entry.key) first = &entry;
    append_text(entry.key);
    append_value(first->value);
  }
  if (text_.failed()) attributes.fail(*text_.failure());
  std::array<uint8_t, EVP_MAX_MD_SIZE> digest{};
  const std::string_view text = text_.view();
  work_.pace.step(text.size());
  MILLRACE_CHECK(
      EVP_Digest(text.data(), text.size(), digest.data(), nullptr, EVP_sha256(), nullptr) == 1);
  std::copy_n(digest.begin(), key.size(), key.begin());
  return key;
}

}  // namespace millrace::processors::groupbyattrs
