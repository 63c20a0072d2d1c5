// The otlp receiver as the catalogue lists it.
#pragma once

#include "receivers/otlp/options.h"
#include "reception/receiver.h"

namespace millrace::receivers {

// What the options mean: a listener for each protocol. Either port understands either protocol that
// is configured; what differs by port is what its own section says.
reception::ReceiverReading make_otlp_reading(const OtlpReceiverOptions& options);

reception::ReceiverReading read_otlp(config::Section& section);

inline constexpr reception::ReceiverKind kOtlp = {
    .type = reception::receiver_type("otlp", config::kAllSignals), .read = read_otlp};

}  // namespace millrace::receivers
