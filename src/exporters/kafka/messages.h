// The messages that a batch becomes: cut below the limit of the topic, encoded, with their keys.
//
// With otlp_proto a batch in one piece that fits is its own message, without a copy. All that is
// copied or encoded is reserved in the budget, which it may pass as output that drains a full
// process does. Long batches are paced. No state.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "exporters/kafka/options.h"
#include "memory/work.h"
#include "pipeline/exporter.h"

namespace millrace::exporters::kafka {

struct Message {
  std::optional<std::string> key;
  Bytes value;
};

struct MadeMessages {
  std::vector<Message> messages;  // in the order of the batch; may be none (raw, empty bodies)
  // Set: nothing may be sent. kTooLarge where one item does not fit, so that the destination cuts
  // the batch until that item is alone.
  std::optional<pipeline::Outcome> failure;
};

// `bytes_max`: of key and value together. `key`: for messages whose key is not made of the data.
MadeMessages make_messages(const pipeline::Batch& batch, const SignalOptions& options,
                           const std::optional<std::string>& key, size_t bytes_max, Work& work);

}  // namespace millrace::exporters::kafka
