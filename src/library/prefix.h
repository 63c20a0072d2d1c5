// The bytes before the items of every request: the resource and the scope, encoded once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "millrace/value.h"

namespace millrace::library {

// A request is ResourceX{resource, ScopeX{scope, items…}} with equal field numbers for all signals;
// only the lengths depend on the items.
class Prefix {
 public:
  Prefix(const v1::Attributes& resource, std::string_view scope_name,
         std::string_view scope_version);
  // The maximum size of the prefix.
  size_t bytes_max() const { return resource_field_.size() + scope_field_.size() + 12; }
  // Writes the prefix so that it ends at `items`, before which bytes_max() bytes must be free.
  // Returns its beginning.
  uint8_t* write_before(uint8_t* items, size_t items_size) const;

 private:
  std::vector<uint8_t> resource_field_;  // ResourceX.resource with tag and length
  std::vector<uint8_t> scope_field_;     // ScopeX.scope with tag and length
};

}  // namespace millrace::library
