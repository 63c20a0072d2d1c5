// An exporter whose attempts are recorded as spans of the collector itself, with otelcol's names.
// There one span covers all attempts of a batch; here each attempt has its own.
//
// On its worker's loop only. It stands in front of an exporter only where the configuration asks
// for spans.
#pragma once

#include <memory>
#include <string_view>

#include "base/signal.h"
#include "own_spans/span_recorder.h"
#include "pipeline/exporter.h"

namespace millrace::assembly {

// `id`: "otlp_grpc/backup". The recorder outlives the exporter and every answer.
std::unique_ptr<pipeline::Exporter> make_traced_exporter(
    std::string_view id, Signal signal, own_spans::SpanRecorder& spans,
    std::unique_ptr<pipeline::Exporter> exporter);

}  // namespace millrace::assembly
