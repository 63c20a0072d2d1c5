// Makes the plan of one OTLP exporter from an Endpoint of the public Config. One thread, before the
// engine starts.
#pragma once

#include <string>

#include "assembly/plan.h"
#include "millrace/config.h"

namespace millrace::library {

struct EndpointPlan {
  std::string kind;                 // "otlp_grpc", "otlp_http": the begin of the exporter's id
  assembly::ExporterPlan exporter;  // without id, batch, queue and storage
};

// `where`: the endpoint's place in the Config, "endpoints[1]". Reads certificates. Errors are
// kInvalidArgument and name the field.
v1::Result<EndpointPlan> plan_of_endpoint(const v1::Endpoint& endpoint, const std::string& where);

}  // namespace millrace::library
