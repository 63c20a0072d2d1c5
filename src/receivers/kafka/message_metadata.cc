#include "receivers/kafka/message_metadata.h"

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "memory/work.h"

namespace millrace::receivers::kafka {
namespace {

using millrace::kafka::Library;

struct ReservedMetadata {
  Metadata metadata;
  Reservation memory;
};

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  return result;
}

void add_place(const Library& api, const rd_kafka_message_t& message, Metadata& into) {
  into.entries = {{"kafka.topic", api.topic_name(message.rkt)},
                  {"kafka.partition", std::to_string(message.partition)},
                  {"kafka.offset", std::to_string(message.offset)}};
}

template <class Take>
void for_each_header(const Library& api, const rd_kafka_message_t& message, const Take& take) {
  rd_kafka_headers_t* headers = nullptr;
  if (api.message_headers(&message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return;
  const char* name = nullptr;
  const void* value = nullptr;
  size_t size = 0;
  for (size_t i = 0;
       api.header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR; ++i) {
    take(std::string_view(name), std::string_view(static_cast<const char*>(value), size));
  }
}

}  // namespace

MetadataRef place_metadata(const Library& api, const rd_kafka_message_t& message) {
  auto metadata = std::make_shared<Metadata>();
  add_place(api, message, *metadata);
  return metadata;
}

Result<MetadataRef> read_metadata(const Library& api, const rd_kafka_message_t& message,
                                  Budget& budget) {
  constexpr size_t kBlocksBytes = 32;  // the allocator's, of a name and a value
  auto made = std::make_shared<ReservedMetadata>();
  add_place(api, message, made->metadata);
  size_t bytes = made->metadata.memory_bytes();
  size_t count = made->metadata.entries.size();
  for_each_header(api, message, [&](std::string_view name, std::string_view value) {
    bytes += sizeof(MetadataEntry) + name.size() + value.size() + kBlocksBytes;
    ++count;
  });
  made->memory = Reservation::try_make(budget, MemoryTerm::kMessages, bytes);
  if (!made->memory) return fail(no_memory("reading a Kafka message's headers", bytes, budget));
  made->metadata.entries.reserve(count);
  for_each_header(api, message, [&](std::string_view name, std::string_view value) {
    made->metadata.entries.push_back({.name = lower(name), .value = std::string(value)});
  });
  return MetadataRef(made, &made->metadata);
}

}  // namespace millrace::receivers::kafka
