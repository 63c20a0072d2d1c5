// The outcome of a batch that librdkafka or a broker did not take.
#pragma once

#include <librdkafka/rdkafka.h>

#include <string>

#include "pipeline/exporter.h"

namespace millrace::exporters::kafka {

// `text`: of librdkafka, for people. What may pass is kRetry: a broker that is away, a topic that
// is not there yet, a full queue. What the broker refuses for the data or the rights of this client
// is final, as in otelcol.
pipeline::Outcome outcome_of(rd_kafka_resp_err_t error, std::string text);

}  // namespace millrace::exporters::kafka
