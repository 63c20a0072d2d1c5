#include "wire/field_search.h"

namespace millrace::wire {

LenField FieldSearch::find_len(FieldSearch search) {
  for (Field field; search.next(&field);) {
    if (field.type == WireType::kLen) return {field.bytes, field.whole};
  }
  return {};
}

}  // namespace millrace::wire
