// The kafka receiver as assembly sees it.
#pragma once

#include "config/section.h"
#include "reception/receiver.h"

namespace millrace::receivers::kafka {

// Loads librdkafka, so that `validate` says when it is missing.
reception::ReceiverReading read(config::Section& section);

inline constexpr reception::ReceiverKind kKafka = {
    .type = reception::receiver_type("kafka", config::kAllSignals), .read = read};

}  // namespace millrace::receivers::kafka
