// What assembly needs to know of a kind of component, once its options have been read. Exporters
// and processors know nothing of assembly; a factory is the one small piece between them
// (catalogue.cc), and the library or a test may bring its own.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/log.h"
#include "base/random.h"
#include "base/result.h"
#include "base/signal.h"
#include "base/time.h"
#include "export_client/response_counters.h"
#include "io/file.h"
#include "io/long_work.h"
#include "io/loop.h"
#include "io/text_output.h"
#include "memory/chunk_pool.h"
#include "metrics/registry.h"
#include "pipeline/connector.h"
#include "pipeline/exporter.h"
#include "pipeline/processor.h"
#include "pipeline/rule_steps.h"
#include "storage/storage.h"
#include "transport/client/client.h"
#include "transport/server/page.h"

namespace millrace::assembly {

// The process's own outputs, for debug exporters; any thread. Null in the library and the
// simulation, which have none: what would be printed there goes to the log, which always has room.
struct Outputs {
  io::TextOutput* log = nullptr;  // where the lines of the log go
  io::TextOutput* standard_output = nullptr;
  io::TextOutput* standard_error = nullptr;
};

// What an exporter on one worker may use; all of it outlives the exporter.
struct ExporterParts {
  const std::string& name;  // "prometheus/internal"
  // Of how many workers this is which, for what one of them does for all.
  size_t worker = 0;
  size_t worker_count = 1;
  io::Loop& loop;
  ChunkPool& pool;
  io::LongWork& long_work;
  Logger& log;
  Logger& unsampled_log;  // the same log, for what an exporter limits itself (debug)
  metrics::Registry& metrics;
  const Outputs& outputs_of_process;
  io::FileSystem& files;
  const std::function<WallTime()>& wall_clock;  // any thread
  // Of the extension that its `auth` names; null: none.
  std::shared_ptr<transport::CredentialSource> credentials = nullptr;
  // Connectors: where they hand on to, of their signal; filled before the loops run.
  pipeline::ConnectorOutputs* outputs = nullptr;
  // service.instance.id of this process.
  std::string_view instance_id = {};
};

class ExporterFactory {
 public:
  virtual ~ExporterFactory() = default;
  // One exporter for one signal on one worker. Called for each worker before the loops run.
  virtual Result<std::unique_ptr<pipeline::Exporter>> make(const ExporterParts& parts,
                                                           Signal signal) = 0;
  // Labels of its metrics beside `exporter`: server_address, server_port, url_path.
  virtual metrics::Labels labels(Signal) const { return {}; }
  // For exporters with listeners: the answers to their pages on that worker. Called for each worker
  // after make(), before the loops run; servers end before the exporter.
  virtual transport::PageHandler page_handler(const ExporterParts&) { return {}; }
  // How often its destinations passed a bound on what they may answer; null: it has none.
  virtual std::shared_ptr<const exporters::ResponseCounters> response_counters() const {
    return nullptr;
  }
};

// The parts that a processor of one pipeline on one worker may use; all outlive the processor.
struct ProcessorParts {
  const std::string& name;  // "attributes/a"
  Signal signal;
  io::Loop& loop;  // with the clock and timers
  ChunkPool& pool;
  io::LongWork& long_work;
  Logger& log;
  metrics::Registry& metrics;
  const std::function<WallTime()>& wall_clock;  // any thread
  // Where it lets go of what it holds.
  pipeline::Outlet& outlet;
  // The storage of the extension that its `storage` names; null: none.
  pipeline::Storage* storage = nullptr;
  // The id of the pipeline in which it stands: state that the workers share is one pipeline's.
  std::string_view pipeline = {};
};

// The parts that the rules of a processor may use when they run for the console; all outlive them.
struct RuleStepParts {
  const std::string& name;
  Signal signal;
  Random& random;
  const std::function<WallTime()>& wall_clock;
  metrics::Registry& metrics;  // one of its own, that is not shown
  Logger& log;                 // one that writes nothing
};

class ProcessorFactory {
 public:
  virtual ~ProcessorFactory() = default;
  // The processor of one pipeline on one worker. Called for each before the loops run.
  virtual Result<std::unique_ptr<pipeline::Processor>> make(const ProcessorParts& parts) = 0;
  // Are the options good for a pipeline of that signal? Asked while the configuration is checked.
  virtual Status check(Signal) const { return {}; }
  // Its rules one by one, for the console; none where it has no rules, or state.
  virtual pipeline::RuleSteps rule_steps(const RuleStepParts&) const { return {}; }
};

}  // namespace millrace::assembly
