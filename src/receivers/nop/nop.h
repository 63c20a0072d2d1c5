// The receiver `nop`: a pipeline with it alone gets no data.
#pragma once

#include "reception/receiver.h"

namespace millrace::receivers::nop {

reception::ReceiverReading read(config::Section& section);

inline constexpr reception::ReceiverKind kNop = {
    reception::receiver_type("nop", config::kAllSignals), read};

}  // namespace millrace::receivers::nop
