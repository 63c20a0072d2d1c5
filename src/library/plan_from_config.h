// From the public Config to what an engine runs: the daemon's plan, and the buffer in front of it.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "assembly/plan.h"
#include "library/buffer.h"
#include "library/encode_values.h"
#include "library/feeder.h"
#include "library/prefix.h"
#include "millrace/config.h"

namespace millrace::library {

// Of all exporters of the user's; they may outlive the engine.
struct ExporterCounters {
  std::atomic<uint64_t> exceptions{0};  // a sum: relaxed
};

struct EnginePlan {
  assembly::Plan plan;
  BufferOptions buffer;
  FeederOptions feeder;
  EncodeLimits encode;
  v1::Attributes resource;
  std::string scope_name;
  std::string scope_version;
  std::function<void(v1::LogLevel, std::string_view)> log;
  std::shared_ptr<ExporterCounters> exporter_counters = std::make_shared<ExporterCounters>();
};

// Checks everything; errors are kInvalidArgument and name the field.
v1::Result<EnginePlan> plan_from_config(const v1::Config& config);

// The plan of a configuration in YAML, without what listens. Errors have every mistake on a line.
v1::Result<assembly::Plan> plan_from_yaml(std::string_view text);

}  // namespace millrace::library
