// The otlp receiver as the catalogue lists it.
#pragma once

#include "receivers/otlp/options.h"
#include "reception/receiver.h"

namespace millrace::receivers {

// Translates the options: a listener for each protocol. Either port understands either protocol
// that is configured; the options of a port are those of its own section.
reception::ReceiverReading make_otlp_reading(const OtlpReceiverOptions& options);

reception::ReceiverReading read_otlp(config::Section& section);

inline constexpr reception::ReceiverKind kOtlp = {
    .type = reception::receiver_type("otlp", config::kAllSignals), .read = read_otlp};

}  // namespace millrace::receivers
