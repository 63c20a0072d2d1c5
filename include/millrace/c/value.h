// Attributes and their values. Everything is borrowed: nothing here allocates or is freed.
//
// An array or a map may be part of several others. It is read once for each of them, down to 16
// levels; values below are skipped and counted (skipped_attributes), so that a value that contains
// itself ends. An item with more values than item_bytes_max can hold is MILLRACE_TOO_LARGE.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "millrace/c/api.h"

MILLRACE_C_BEGIN

// A view of bytes that the caller owns; size does not count a null byte at the end.
typedef struct millrace_text {
  const char* data;  // null: an empty text
  size_t size;       // in bytes
} millrace_text;

// The type of a value.
typedef MILLRACE_ENUM(millrace_value_type){
    MILLRACE_VALUE_EMPTY = 0,  // OTLP's AnyValue without a value
    MILLRACE_VALUE_TEXT = 1,   MILLRACE_VALUE_BOOL = 2,  MILLRACE_VALUE_INTEGER = 3,
    MILLRACE_VALUE_DOUBLE = 4, MILLRACE_VALUE_BYTES = 5,
    MILLRACE_VALUE_ARRAY = 6,  // of values of any type
    MILLRACE_VALUE_MAP = 7,    // of attributes
} millrace_value_type;

struct millrace_attribute;
struct millrace_value;

// The elements of an array.
typedef struct millrace_array {
  const struct millrace_value* items;  // borrowed
  size_t count;                        // number of elements
} millrace_array;

// The entries of a map in order.
typedef struct millrace_map {
  const struct millrace_attribute* items;  // borrowed
  size_t count;                            // number of entries
} millrace_map;

// A value of one of OTLP's types; `type` selects the member of `as`.
typedef struct millrace_value {
  millrace_value_type type;  // selects the member of `as`
  uint32_t reserved;         // 0
  union {
    millrace_text text;  // also for MILLRACE_VALUE_BYTES
    uint64_t boolean;    // 0 or 1
    int64_t integer;
    double number;
    millrace_array array;
    millrace_map map;
  } as;  // the value; `type` selects the member
} millrace_value;

// A key and its value. An attribute with an empty key is skipped and counted.
typedef struct millrace_attribute {
  millrace_text key;     // not empty
  millrace_value value;  // of any type
} millrace_attribute;

// Borrows a text that ends in a null byte; null gives an empty text.
static inline millrace_text millrace_text_of(const char* text) {
  millrace_text result;
  result.data = text;
  result.size = text == NULL ? 0 : strlen(text);
  return result;
}
// Returns OTLP's empty value.
static inline millrace_value millrace_empty_value(void) {
  millrace_value value;
  memset(&value, 0, sizeof value);
  return value;
}
// Returns a value that borrows `text`.
static inline millrace_value millrace_text_value(const char* text) {
  millrace_value value = millrace_empty_value();
  value.type = MILLRACE_VALUE_TEXT;
  value.as.text = millrace_text_of(text);
  return value;
}
// Returns a boolean value: false for 0, true otherwise.
static inline millrace_value millrace_bool_value(int yes) {
  millrace_value value = millrace_empty_value();
  value.type = MILLRACE_VALUE_BOOL;
  value.as.boolean = yes != 0;
  return value;
}
// Returns an integer value.
static inline millrace_value millrace_integer_value(int64_t integer) {
  millrace_value value = millrace_empty_value();
  value.type = MILLRACE_VALUE_INTEGER;
  value.as.integer = integer;
  return value;
}
// Returns a floating-point value.
static inline millrace_value millrace_double_value(double number) {
  millrace_value value = millrace_empty_value();
  value.type = MILLRACE_VALUE_DOUBLE;
  value.as.number = number;
  return value;
}
// Returns a value that borrows `size` bytes at `data`.
static inline millrace_value millrace_bytes_value(const void* data, size_t size) {
  millrace_value value = millrace_empty_value();
  value.type = MILLRACE_VALUE_BYTES;
  value.as.text.data = (const char*)data;
  value.as.text.size = size;
  return value;
}
// Returns an array value that borrows `items`.
static inline millrace_value millrace_array_value(const millrace_value* items, size_t count) {
  millrace_value value = millrace_empty_value();
  value.type = MILLRACE_VALUE_ARRAY;
  value.as.array.items = items;
  value.as.array.count = count;
  return value;
}
// Returns a map value that borrows `items`.
static inline millrace_value millrace_map_value(const millrace_attribute* items, size_t count) {
  millrace_value value = millrace_empty_value();
  value.type = MILLRACE_VALUE_MAP;
  value.as.map.items = items;
  value.as.map.count = count;
  return value;
}
// Returns an attribute that borrows `key` and `value`.
static inline millrace_attribute millrace_attribute_of(const char* key, millrace_value value) {
  millrace_attribute attribute;
  attribute.key = millrace_text_of(key);
  attribute.value = value;
  return attribute;
}

MILLRACE_C_END
