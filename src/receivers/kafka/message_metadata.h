// The metadata of a message's request: its place as kafka.topic, kafka.partition and kafka.offset,
// and its headers, whose number and size the writer of the message chooses. Any thread.
#pragma once

#include "base/metadata.h"
#include "base/result.h"
#include "kafka/library.h"
#include "memory/budget.h"

namespace millrace::receivers::kafka {

// With the place alone.
MetadataRef place_metadata(const millrace::kafka::Library& api, const rd_kafka_message_t& message);

// With the headers, in lower case; reserved as kMessages for as long as it is referred to.
//   kUnavailable        no memory now
//   kResourceExhausted  it takes more memory than there is
Result<MetadataRef> read_metadata(const millrace::kafka::Library& api,
                                  const rd_kafka_message_t& message, Budget& budget);

}  // namespace millrace::receivers::kafka
