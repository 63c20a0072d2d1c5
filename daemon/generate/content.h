// The generator's content: a web shop's telemetry. Traces of up to eight spans (HTTP servers and
// clients, databases, RPC) with about ten attributes each, about 400 bytes a span; request metrics;
// log records that belong to spans. The same seed gives the same bytes.
#pragma once

#include <cstdint>

#include "base/signal.h"
#include "daemon/generate/message_tree.h"
#include "daemon/generate/payload_template.h"

namespace millrace::load {

enum class PayloadFormat : uint8_t { kProtobuf, kJson };

// One Export…ServiceRequest of `item_count` spans, metric points or log records; profiles are not
// generated. Precondition: item_count > 0 and the signal is one of the three.
PayloadTemplate make_payload_template(Signal signal, PayloadFormat format, uint32_t item_count,
                                      uint64_t seed);

// Each returns an Export…ServiceRequest. Start times of spans and times of log records are the time
// of the request itself, so that a sink can measure their latency.
Message make_traces(uint32_t span_count, uint64_t seed);
Message make_metrics(uint32_t point_count, uint64_t seed);
Message make_logs(uint32_t record_count, uint64_t seed);

}  // namespace millrace::load
