// The prometheus receiver: scrapes targets that expose metrics in Prometheus's formats, with the
// keys of Prometheus's configuration file. See README.md.
#pragma once

#include "base/signal.h"
#include "config/section.h"
#include "reception/receiver.h"

namespace millrace::receivers::prometheus {

reception::ReceiverReading read(config::Section& section);

inline constexpr reception::ReceiverKind kPrometheus = {
    .type = reception::receiver_type("prometheus", 1 << index_of(Signal::kMetrics)), .read = read};

}  // namespace millrace::receivers::prometheus
