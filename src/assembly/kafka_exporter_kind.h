// The kafka exporter for the catalogue.
#pragma once

#include "assembly/catalogue.h"

namespace millrace::assembly {

// Loads librdkafka, so that `validate` says when it is missing.
ExporterReading read_kafka(config::Section& section);

}  // namespace millrace::assembly
