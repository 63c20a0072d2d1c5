// The zipkin receiver as the catalogue lists it.
#pragma once

#include "receivers/zipkin/options.h"
#include "reception/receiver.h"

namespace millrace::receivers::zipkin {

inline constexpr std::string_view kPath = "/api/v2/spans";

reception::ReceiverReading make_reading(const Options& options);
reception::ReceiverReading read(config::Section& section);

// A bit for traces alone.
inline constexpr reception::ReceiverKind kZipkin = {
    .type = reception::receiver_type("zipkin", 1 << index_of(Signal::kTraces)), .read = read};

}  // namespace millrace::receivers::zipkin
