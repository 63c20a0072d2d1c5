// Every kind of component this build has: one line each. The only place that names them all.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "assembly/factories.h"
#include "config/catalog.h"
#include "config/exporter_helper.h"
#include "config/section.h"

namespace millrace::assembly {

// What reading an exporter's section gives. With errors in the section's diagnostics the factory
// may be null.
struct ExporterReading {
  std::shared_ptr<ExporterFactory> factory;
  config::ExporterHelperConfig helper;
  bool joins_requests = true;
};

struct ExporterKind {
  config::ComponentType type;
  ExporterReading (*read)(config::Section& section);
};

struct ProcessorKind {
  config::ComponentType type;
  // Null: maps onto sending or the budget, and plan_from_document.cc reads it.
  std::shared_ptr<ProcessorFactory> (*read)(config::Section& section);
};

std::span<const ExporterKind> exporter_kinds();
std::span<const ProcessorKind> processor_kinds();

// All of them, receivers and extensions too, for the configuration's checks and `components`.
config::Catalog catalog();

}  // namespace millrace::assembly
