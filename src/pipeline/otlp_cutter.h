// The BatchCutter of OTLP requests: what assembly gives every DestinationWorker.
#pragma once

#include "pipeline/batch_cutter.h"

namespace millrace::pipeline {

BatchCutter make_otlp_cutter();

}  // namespace millrace::pipeline
