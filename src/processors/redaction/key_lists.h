// The keys of one item that were changed, and the attributes that list them.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "memory/reserved_text.h"
#include "otlp/attribute_list.h"
#include "processors/redaction/options.h"

namespace millrace::processors::redaction {

// Reserved in the budget as it grows. A refusal is given on by write().
class KeyLists {
 public:
  enum class Kind : uint8_t { kRedacted, kMasked, kAllowed, kIgnored };
  enum class Of : uint8_t { kAttributes, kBody };

  KeyLists(Summary summary, Work& work);

  Summary summary() const { return summary_; }
  void add(Kind kind, std::string_view key) {
    if (summary_ != Summary::kSilent) add_to_list(kind, key);
  }
  void clear();
  // Adds to what an earlier redaction has written in `attributes`.
  void write(Of of, otlp::AttributeList& attributes);

 private:
  struct List {
    int64_t count = 0;
    ReservedText keys;  // each with its length before it
  };
  void add_to_list(Kind kind, std::string_view key);
  void write_keys(std::string_view name, const List& list, otlp::AttributeList& attributes);

  const Summary summary_;
  std::array<List, 4> lists_;
};

}  // namespace millrace::processors::redaction
