// Request headers that travel with a payload when a receiver has include_metadata. They are the key
// of batching by tenant, and exporters may forward them. Immutable once shared.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace millrace {

struct MetadataEntry {
  std::string name;  // lower case, as HTTP/2 requires it
  std::string value;
  friend bool operator==(const MetadataEntry&, const MetadataEntry&) = default;
};

struct Metadata {
  std::vector<MetadataEntry> entries;  // in order of arrival; a name may repeat
  std::string client_address;          // "10.1.2.3:51234"

  // The first value of the header `name` (lower case), or empty.
  std::string_view find(std::string_view name) const {
    for (const MetadataEntry& entry : entries) {
      if (entry.name == name) return entry.value;
    }
    return {};
  }
  // Approximate heap use in bytes: each text beyond a few bytes has a heap block of its own.
  size_t memory_bytes() const {
    size_t bytes = sizeof(Metadata) + client_address.size();
    for (const MetadataEntry& entry : entries) {
      bytes += sizeof(MetadataEntry) + entry.name.size() + entry.value.size() + 2 * kBlockBytes;
    }
    return bytes;
  }

 private:
  static constexpr size_t kBlockBytes = 16;  // the allocator's overhead for a block
};

// Shared: the metadata of one request enters each pipeline and destination of the request.
using MetadataRef = std::shared_ptr<const Metadata>;

}  // namespace millrace
