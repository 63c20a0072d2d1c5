// Compares a list of attributes after random changes with a vector of pairs. The written message
// has the same attributes as the vector, and all its other fields are unchanged.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/testing/fuzz_input.h"
#include "memory/testing/test_work.h"
#include "otlp/attribute_list.h"
#include "wire/writer.h"

namespace {

using namespace millrace;
using namespace millrace::otlp;
using Twin = std::vector<std::pair<std::string, std::string>>;

constexpr uint32_t kNumber = 9;  // the attributes of a span

// Few different keys, so that equal keys are frequent.
std::string read_key(testing::FuzzInput& input) {
  return std::string(1, static_cast<char>('a' + input.choice(4)));
}
std::string read_value(testing::FuzzInput& input) {
  switch (input.choice(4)) {
    case 0:
      return "";
    case 1:
      return encode_int_value(static_cast<int64_t>(input.number(8)));
    case 2:
      return encode_bool_value(input.byte() & 1);
    default:
      return encode_string_value(input.text());
  }
}

Twin read(AttributeList& list) {
  Twin seen;
  list.for_each([&](std::string_view key, const AnyValueView&) { seen.emplace_back(key, ""); });
  return seen;
}

// Masks texts and removes numbers, as a processor does that looks at every attribute once.
void change_each(AttributeList& list, Twin& twin) {
  using Change = AttributeList::Change;
  list.change_each([](std::string_view, const AnyValueView& value, std::string_view* text) {
    if (value.type == AnyValueView::Type::kInt) return Change::kErase;
    if (value.type != AnyValueView::Type::kString) return Change::kKeep;
    *text = "masked";
    return Change::kSetText;
  });
  const auto type_of = [](const auto& pair) {
    return AnyValueView::read(as_span(pair.second)).type;
  };
  std::erase_if(twin, [&](const auto& pair) { return type_of(pair) == AnyValueView::Type::kInt; });
  for (auto& pair : twin) {
    if (type_of(pair) == AnyValueView::Type::kString) pair.second = encode_string_value("masked");
  }
}

// Replaces some of the other fields by three bytes each.
std::string replace_others(testing::FuzzInput& input, std::span<const uint8_t> message,
                           AttributeList& list) {
  std::string others;
  wire::FieldReader reader(message);
  for (wire::Field field; reader.next(&field);) {
    if (field.is(kNumber, wire::WireType::kLen)) continue;
    const bool is_replaced = input.flag();
    if (is_replaced) list.replace(field.whole, "\x58\x01");
    others += is_replaced ? "\x58\x01" : as_text(field.whole);
  }
  if (input.flag()) {
    list.append("\x60\x02");
    others += "\x60\x02";
  }
  return others;
}

Twin read_message(std::span<const uint8_t> bytes, std::string* others) {
  Twin seen;
  wire::FieldReader reader(bytes);
  for (wire::Field field; reader.next(&field);) {
    if (!field.is(kNumber, wire::WireType::kLen)) {
      others->append(as_text(field.whole));
      continue;
    }
    const KeyValueView view = KeyValueView::read(field.bytes);
    seen.emplace_back(view.key, as_text(view.value));
  }
  MILLRACE_CHECK(reader.ok());
  return seen;
}

void change(testing::FuzzInput& input, AttributeList& list, Twin& twin) {
  const std::string key = read_key(input);
  const auto found = std::ranges::find(twin, key, [](const auto& pair) { return pair.first; });
  MILLRACE_CHECK(list.contains(key) == (found != twin.end()));
  const std::string from = read_key(input);
  const auto source = std::ranges::find(twin, from, [](const auto& pair) { return pair.first; });
  if (input.flag()) {
    MILLRACE_CHECK(list.set_copy(key, from) == (source != twin.end()));
    if (source == twin.end()) return;
    const std::string copied = source->second;
    if (found != twin.end()) {
      found->second = copied;
    } else {
      twin.emplace_back(key, copied);
    }
    return;
  }
  if (input.flag()) {
    list.erase(key);
    std::erase_if(twin, [&](const auto& pair) { return pair.first == key; });
    return;
  }
  const std::string value = read_value(input);
  list.set(key, value);
  if (found != twin.end()) {
    found->second = value;
  } else {
    twin.emplace_back(key, value);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  testing::FuzzInput input(data, size);
  wire::Writer writer(256);
  Twin twin;
  std::string others;
  for (size_t count = input.choice(8); count > 0; --count) {
    if (input.choice(4) == 0) {
      wire::Writer other(16);
      other.varint_field(10, input.byte());
      writer.raw(other.view());
      others += as_text(other.view());
      continue;
    }
    twin.emplace_back(read_key(input), read_value(input));
    const auto entry = writer.open(kNumber);
    writer.string_field(1, twin.back().first);
    writer.string_field(2, twin.back().second);
    writer.close(entry);
  }
  const Bytes message = Bytes::copy_of(writer.view());
  testing::TestWork own;
  AttributeList list(own.work);
  list.reset(message.view(), kNumber);
  if (input.flag()) others = replace_others(input, message.view(), list);
  while (!input.empty() && twin.size() < 16) {
    if (input.choice(8) == 0) {
      change_each(list, twin);
    } else {
      change(input, list, twin);
    }
  }
  MILLRACE_CHECK(read(list).size() == twin.size());
  RopeWriter rope(own.work, 1 << 20);
  list.write_message(message, &rope);
  MILLRACE_CHECK(rope.size() == list.message_size());
  const Bytes written = rope.finish()->to_bytes();
  MILLRACE_CHECK(written.size() == list.message_size());
  std::string others_seen;
  MILLRACE_CHECK(read_message(written.view(), &others_seen) == twin);
  MILLRACE_CHECK(others_seen == others);
  if (!list.is_changed()) MILLRACE_CHECK(written.text() == message.text());

  // The same as a nested message of another.
  wire::Writer around(message.size() + 16);
  around.string_field(11, message.text());
  AttributeList outer(own.work);
  outer.reset(around.view(), kNumber);
  wire::FieldReader fields(around.view());
  wire::Field nested;
  MILLRACE_CHECK(fields.next(&nested));
  outer.replace(nested, list);
  RopeWriter outer_rope(own.work, 1 << 20);
  outer.write_message(Bytes::copy_of(around.view()), &outer_rope);
  wire::Writer expected(written.size() + 16);
  expected.string_field(11, written.text());
  MILLRACE_CHECK(outer_rope.finish()->to_bytes().text() == as_text(expected.view()));
  return 0;
}
