#include "config/batch.h"

#include <cctype>
#include <set>

namespace millrace::config {

void read_batch(Section& section, BatchConfig& into) {
  constexpr int64_t kItemsMax = UINT32_MAX;
  for (const char* key : {"timeout", "send_batch_size", "send_batch_max_size", "metadata_keys"}) {
    section.means(key, "the batches that the pipeline's exporters form when they send");
  }
  section.duration("timeout", &into.timeout);
  section.integer("send_batch_size", &into.send_batch_size, {0, kItemsMax});
  section.integer("send_batch_max_size", &into.send_batch_max_size, {0, kItemsMax});
  section.text_list("metadata_keys", &into.metadata_keys);
  section.integer("metadata_cardinality_limit", &into.metadata_cardinality_limit, {0, kItemsMax});
  if (into.send_batch_max_size != 0 && into.send_batch_max_size < into.send_batch_size) {
    section.error_at("send_batch_max_size", "send_batch_max_size (" +
                                                std::to_string(into.send_batch_max_size) +
                                                ") must be at least send_batch_size (" +
                                                std::to_string(into.send_batch_size) + ")");
  }
  std::set<std::string> seen;
  for (std::string& key : into.metadata_keys) {
    for (char& c : key) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    if (!seen.insert(key).second) {
      section.error_at("metadata_keys", "\"" + key + "\" is given twice (case does not count)");
    }
  }
}

}  // namespace millrace::config
