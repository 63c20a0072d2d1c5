#include "ottl/compare.h"

#include <vector>

namespace millrace::ottl {
namespace {

using V = Value::Type;

template <class T>
bool compare_ordered(const T& a, const T& b, Comparison comparison) {
  switch (comparison) {
    case Comparison::kEqual:
      return a == b;
    case Comparison::kNotEqual:
      return a != b;
    case Comparison::kLess:
      return a < b;
    case Comparison::kLessOrEqual:
      return a <= b;
    case Comparison::kGreaterOrEqual:
      return a >= b;
    case Comparison::kGreater:
      return a > b;
  }
  return false;
}

bool are_equal(const Value& a, const Value& b);

bool are_equal_maps(const Value& a, const Value& b) {
  if (count_entries(a) != count_entries(b)) return false;
  bool is_equal = true;
  for_each_entry(a, [&](std::string_view key, const Value& value) {
    const auto other = find_entry(b, key);
    is_equal = other && are_equal(value, *other);
    return is_equal;
  });
  return is_equal;
}

bool are_equal_lists(const Value& a, const Value& b) {
  std::vector<Value> others;
  for_each_element(b, [&](const Value& element) {
    others.push_back(element);
    return true;
  });
  size_t i = 0;
  bool is_equal = true;
  for_each_element(a, [&](const Value& element) {
    is_equal = i < others.size() && are_equal(element, others[i]);
    i++;
    return is_equal;
  });
  return is_equal && i == others.size();
}

// Inside of maps and lists an integer is not a double.
bool are_equal(const Value& a, const Value& b) {
  if (a.type != b.type) return false;
  switch (a.type) {
    case V::kNil:
      return true;
    case V::kBool:
    case V::kInt:
    case V::kTime:
    case V::kDuration:
      return a.number == b.number;
    case V::kDouble:
      return a.real == b.real;
    case V::kString:
    case V::kBytes:
    case V::kTraceId:
    case V::kSpanId:
      return a.text == b.text;
    case V::kMap:
      return are_equal_maps(a, b);
    case V::kList:
      return are_equal_lists(a, b);
    case V::kMessages:
      return a.wire.data() == b.wire.data() && a.field_number == b.field_number;
  }
  return false;
}

bool is_number(const Value& value) { return value.is(V::kInt) || value.is(V::kDouble); }
double to_double(const Value& value) {
  return value.is(V::kInt) ? static_cast<double>(value.number) : value.real;
}

}  // namespace

bool compare(const Value& a, const Value& b, Comparison comparison) {
  const bool is_equality = comparison == Comparison::kEqual || comparison == Comparison::kNotEqual;
  if (a.is_nil() && b.is_nil()) {
    return comparison == Comparison::kEqual || comparison == Comparison::kLessOrEqual ||
           comparison == Comparison::kGreaterOrEqual;
  }
  if (a.type != b.type) {
    if (is_number(a) && is_number(b)) {
      return compare_ordered(to_double(a), to_double(b), comparison);
    }
    return comparison == Comparison::kNotEqual;
  }
  switch (a.type) {
    case V::kBool:
    case V::kInt:
    case V::kTime:
    case V::kDuration:
      return compare_ordered(a.number, b.number, comparison);
    case V::kDouble:
      return compare_ordered(a.real, b.real, comparison);
    case V::kString:
    case V::kBytes:
      return compare_ordered(a.text, b.text, comparison);
    default:
      return is_equality && are_equal(a, b) == (comparison == Comparison::kEqual);
  }
}

}  // namespace millrace::ottl
