// Request headers that travel with a payload when a receiver has include_metadata: the key of
// batching by tenant, and what exporters may pass on. Immutable once shared.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace millrace {

struct MetadataEntry {
  std::string name;  // lower case, as HTTP/2 wants it
  std::string value;
  friend bool operator==(const MetadataEntry&, const MetadataEntry&) = default;
};

struct Metadata {
  std::vector<MetadataEntry> entries;  // in order of arrival; a name may repeat
  std::string client_address;          // "10.1.2.3:51234"

  // The first value of that (lower-case) name, or empty.
  std::string_view find(std::string_view name) const {
    for (const MetadataEntry& entry : entries) {
      if (entry.name == name) return entry.value;
    }
    return {};
  }
  // What it takes of the heap, about: texts of more than a few bytes lie in blocks of their own.
  size_t memory_bytes() const {
    size_t bytes = sizeof(Metadata) + client_address.size();
    for (const MetadataEntry& entry : entries) {
      bytes += sizeof(MetadataEntry) + entry.name.size() + entry.value.size() + 2 * kBlockBytes;
    }
    return bytes;
  }

 private:
  static constexpr size_t kBlockBytes = 16;  // beside what it holds
};

// Shared, because one request's metadata goes to each pipeline and destination it enters.
using MetadataRef = std::shared_ptr<const Metadata>;

}  // namespace millrace
