// Which resources are the same: those with the same attributes in any order.
#pragma once

#include <array>
#include <cstdint>

#include "memory/reserved_text.h"
#include "otlp/attribute_list.h"

namespace millrace::processors::groupbyattrs {

// 16 bytes of the SHA-256 of the attributes in one order, so that no sender can make two resources
// look the same.
using GroupKey = std::array<uint8_t, 16>;

class GroupKeyMaker {
 public:
  explicit GroupKeyMaker(Work& work) : work_(work), text_(work, "grouping resources") {}

  // A refusal is given to the list.
  GroupKey make(otlp::AttributeList& attributes);

 private:
  void append_value(const otlp::AnyValueView& value);
  void append_map(const otlp::AnyValueView& value);
  void append_text(std::string_view text);
  void append_number(uint64_t number);

  Work& work_;
  ReservedText text_;
};

}  // namespace millrace::processors::groupbyattrs
