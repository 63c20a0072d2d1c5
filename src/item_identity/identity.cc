#include "item_identity/identity.h"

#include <cstring>

#include "keyed_state/key_owners.h"

namespace millrace::item_identity {
namespace {

using otlp::AnyValueView;
using otlp::KeyValueView;
using otlp::MessageBytes;
using otlp::MessageReader;
using Type = AnyValueView::Type;

constexpr size_t kBytesOfUnit = 4;

// The first numbers are those of AnyValueView::Type.
enum Kind : uint64_t { kText = 16, kEntry, kMapping, kSequence, kResource, kScope };

uint64_t mixed(uint64_t value) {
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9ULL;
  value = (value ^ (value >> 27)) * 0x94d049bb133111ebULL;
  return value ^ (value >> 31);
}

}  // namespace

void Identity::append(Identity next) {
  low = mixed(low * 3 + next.low);
  high = mixed(high * 5 + next.high);
}

void Identity::append(uint64_t number) { append(Identity{number, mixed(number)}); }

Identity IdentityMaker::of_text(std::string_view text, uint64_t kind) const {
  pace_.step(8 + text.size() / kBytesOfUnit);
  const std::span<const uint8_t> bytes = as_span(text);
  return {keyed_state::hash_of(bytes, seed_.low + kind),
          keyed_state::hash_of(bytes, seed_.high ^ (kind << 32))};
}

Identity IdentityMaker::of_entry(MessageBytes key_value) const {
  const KeyValueView entry = KeyValueView::read(key_value, &pace_);
  Identity made = of_text(entry.key, kEntry);
  made.append(of_value(entry.value));
  return made;
}

Identity IdentityMaker::of_elements(const AnyValueView& value) const {
  const bool is_mapping = value.type == Type::kKvlist;
  Identity made = of_text({}, is_mapping ? kMapping : kSequence);
  otlp::ElementReader elements(value);
  for (MessageBytes element; elements.next(&element);) {
    if (is_mapping) {
      made.merge(of_entry(element));
    } else {
      made.append(of_value(element));
    }
  }
  return made;
}

Identity IdentityMaker::of_value(MessageBytes any_value) const {
  const AnyValueView value = AnyValueView::read(any_value, &pace_);
  const auto kind = static_cast<uint64_t>(value.type);
  switch (value.type) {
    case Type::kArray:
    case Type::kKvlist:
      return of_elements(value);
    case Type::kString:
    case Type::kBytes:
    case Type::kEmpty:
      return of_text(value.text, kind);
    case Type::kBool:
    case Type::kInt:
    case Type::kDouble:
      break;
  }
  char number[8];
  if (value.type == Type::kDouble) {
    std::memcpy(number, &value.double_value, sizeof number);
  } else {
    std::memcpy(number, &value.int_value, sizeof number);
  }
  return of_text({number, sizeof number}, kind);
}

Identity IdentityMaker::of_attributes(MessageBytes message, uint32_t field_number) const {
  Identity made = of_text({}, kMapping);
  MessageReader attributes(message, field_number, &pace_);
  for (MessageBytes attribute; attributes.next(&attribute);) made.merge(of_entry(attribute));
  return made;
}

Identity IdentityMaker::of_resource(MessageBytes resource) const {
  Identity made = of_text({}, kResource);
  made.append(of_attributes(resource, otlp::kResourceAttributes));
  return made;
}

Identity IdentityMaker::of_scope(const otlp::ScopeView& scope) const {
  Identity made = of_text({}, kScope);
  made.append(of_attributes(scope.scope.view(), otlp::kScopeAttributes));
  made.append(of_text(scope.name, kText));
  made.append(of_text(scope.version, kText));
  return made;
}

}  // namespace millrace::item_identity
