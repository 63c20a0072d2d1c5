// In which items of a scope at least one of a few texts stands: the bytes of all items are searched
// as one stretch, so that an item without any of them costs no more than its bytes.
//
// Where most items hold a text the search is given up, and every item is said to hold one. One
// thread.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/pace.h"
#include "otlp/views.h"
#include "wire/text_search.h"

namespace millrace::ottl {

class TextPresence {
 public:
  // Without searches every item holds a text. They must outlive this.
  TextPresence(std::span<const wire::TextSearch> searches, Pace& pace);

  // The message that holds the items of the calls behind this one.
  void begin(otlp::MessageBytes around);
  // Call with one item after the other, in the order of their bytes.
  bool is_in(otlp::MessageBytes item);

 private:
  struct Text {
    const wire::TextSearch* search;
    const uint8_t* next = nullptr;  // it stands nowhere in front of this
    bool is_found = false;          // it stands there
  };
  bool is_in(otlp::MessageBytes item, Text& text);

  std::vector<Text> texts_;
  Pace& pace_;
  const uint8_t* end_ = nullptr;  // of the message around
  uint32_t item_count_ = 0;
  uint32_t hit_count_ = 0;
};

}  // namespace millrace::ottl
