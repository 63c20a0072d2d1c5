// The jaeger receiver as the catalogue lists it.
#pragma once

#include "receivers/jaeger/options.h"
#include "reception/receiver.h"

namespace millrace::receivers::jaeger {

inline constexpr std::string_view kHttpPath = "/api/traces";
inline constexpr std::string_view kGrpcPath = "/jaeger.api_v2.CollectorService/PostSpans";

reception::ReceiverReading make_reading(const Options& options);
reception::ReceiverReading read(config::Section& section);

// A bit for traces alone.
inline constexpr reception::ReceiverKind kJaeger = {
    .type = reception::receiver_type("jaeger", 1 << index_of(Signal::kTraces)), .read = read};

}  // namespace millrace::receivers::jaeger
