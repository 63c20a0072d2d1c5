// The memory that a Value owns beyond its 32 bytes.
#include "millrace/value.h"

#include <algorithm>

namespace millrace::v1 {

detail::Slot Value::copy_memory() const {
  switch (type()) {
    case Type::kBytes:
      return {Type::kBytes, new Bytes(*slot_.word<const Bytes*>(0))};
    case Type::kArray:
      return {Type::kArray, new Array(*slot_.word<const Array*>(0))};
    case Type::kMap:
      return {Type::kMap, new Map(*slot_.word<const Map*>(0))};
    default:
      return slot_.copy_text();
  }
}

void Value::free_memory() noexcept {
  switch (type()) {
    case Type::kBytes:
      delete slot_.word<Bytes*>(0);
      break;
    case Type::kArray:
      delete slot_.word<Array*>(0);
      break;
    case Type::kMap:
      delete slot_.word<Map*>(0);
      break;
    default:
      slot_.free_text();
  }
}

bool operator==(const Value& a, const Value& b) noexcept {
  if (a.type() != b.type()) return false;
  switch (a.type()) {
    case Value::Type::kText:
      return a.as_text() == b.as_text();
    case Value::Type::kBytes:
      return std::ranges::equal(a.as_bytes(), b.as_bytes());
    case Value::Type::kArray:
      return std::ranges::equal(a.as_array(), b.as_array());
    case Value::Type::kMap:
      return std::ranges::equal(a.as_map(), b.as_map());
    case Value::Type::kBool:
      return a.as_bool() == b.as_bool();
    case Value::Type::kInteger:
      return a.as_integer() == b.as_integer();
    case Value::Type::kDouble:
      return a.as_double() == b.as_double();
    case Value::Type::kEmpty:
      return true;
  }
  return false;
}

}  // namespace millrace::v1
