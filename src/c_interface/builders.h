// The common code of the C interface's builders.
#pragma once

#include <cstdint>
#include <string_view>

#include "c_interface/values.h"
#include "library/encode_values.h"
#include "millrace/millrace.h"

namespace millrace::c_interface {

// Calls `write` unless the builder is null. When memory runs out the item cannot be collected.
template <class Handle, class Write>
void with(Handle* handle, Write write) noexcept {
  if (handle == nullptr) return;
  try {
    write(handle->builder);
  } catch (...) {
    v1::detail::Access::encoder(handle->builder).remarks().failed = true;
  }
}

// Marks the item as larger than the maximum: collecting it gives MILLRACE_TOO_LARGE and is counted.
template <class Builder>
void refuse(Builder& builder) {
  v1::detail::Access::encoder(builder).remarks().failed = true;
}

template <class Handle, class Value>
void set_attribute(Handle* handle, const char* key, Value value) noexcept {
  with(handle, [=](auto& builder) { builder.set(as_text(key), value); });
}
template <class Handle>
void set_value(Handle* handle, const char* key, const millrace_value* value) noexcept {
  if (value == nullptr) return;
  with(handle, [=](auto& builder) {
    Allowance allowance(kBuilderItemBytesMax);
    v1::Value read = to_value(*value, allowance);
    if (allowance.is_exceeded()) return refuse(builder);
    builder.set(as_text(key), read);
  });
}

// Writes attributes as fields `number`; texts, the most frequent type, without an allocation.
inline void write_attributes(v1::detail::Encoder& encoder, uint32_t number,
                             const millrace_attribute* attributes, size_t count) {
  if (attributes == nullptr) return;
  Allowance allowance(kBuilderItemBytesMax);
  for (size_t i = 0; i < count && !encoder.remarks().failed; ++i) {
    const std::string_view key = as_text(attributes[i].key);
    if (attributes[i].value.type == MILLRACE_VALUE_TEXT) {
      encoder.text_attribute(number, key, as_text(attributes[i].value.as.text));
    } else {
      encoder.value_attribute(number, key, to_value(attributes[i].value, allowance));
    }
    if (allowance.is_exceeded()) encoder.remarks().failed = true;
  }
}

}  // namespace millrace::c_interface
