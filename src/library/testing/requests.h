// Makes requests of items as the feeder does, for tests; admits and decodes them.
#pragma once

#include <gtest/gtest.h>

#include <cstring>
#include <span>
#include <utility>
#include <vector>

#include "library/prefix.h"
#include "library/shared_batch.h"
#include "millrace/detail/encoder.h"
#include "otlp/admit.h"

namespace millrace::library::testing {

// Appends an item in the form of a chunk.
inline void append_item(std::span<const uint8_t> item, std::vector<uint8_t>& items) {
  uint8_t head[11] = {0x12};
  items.insert(items.end(), head, v1::detail::put_varint(head + 1, item.size()));
  items.insert(items.end(), item.begin(), item.end());
}

// Wraps the items of a chunk in a request.
inline Bytes request_of(std::span<const uint8_t> items) {
  const Prefix prefix({{"service.name", "shop"}}, "scope", "1.0");
  auto chunk = ChunkRef::adopt(allocate_chunk(prefix.bytes_max() + items.size()));
  uint8_t* const first = chunk->data() + prefix.bytes_max();
  if (!items.empty()) std::memcpy(first, items.data(), items.size());
  const uint8_t* begin = prefix.write_before(first, items.size());
  return {chunk, begin, static_cast<size_t>(first + items.size() - begin)};
}

// Admits the request with that number of items of that signal.
inline v1::BatchRef batch_of(Signal signal, std::span<const uint8_t> items, uint32_t count) {
  Bytes request = request_of(items);
  const auto admitted = otlp::admit(signal, request.view());
  EXPECT_TRUE(admitted.has_value()) << admitted.error().to_error().message;
  if (admitted) {
    EXPECT_EQ(admitted->item_count, count);
  }
  return make_shared_batch(signal, count, Rope(std::move(request)));
}

inline v1::BatchRef checked(Signal signal, std::span<const uint8_t> item) {
  std::vector<uint8_t> items;
  append_item(item, items);
  return batch_of(signal, items, 1);
}

}  // namespace millrace::library::testing
