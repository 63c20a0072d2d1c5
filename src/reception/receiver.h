// The contract of receivers: what one declares when its options are read, what it is given on each
// worker, and what it is asked.
//
// A receiver turns a protocol into admitted payloads and hands them to its intakes
// (request_counters.h does so and counts). It opens no socket: it declares its listeners, and
// assembly makes the servers and keeps them, so that a reload can replace the receiver while its
// connections stay. A receiver that fetches data by itself declares `pull_interval` instead, or
// works with timers of its own on each worker's loop until stop().
//
// Adding one: a folder in src/receivers/, a line in src/CMakeLists.txt and a line in
// src/assembly/catalogue.cc (CONTRIBUTING.md).
#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "base/signal.h"
#include "base/time.h"
#include "config/catalog.h"
#include "config/exporter_helper.h"
#include "config/section.h"
#include "io/datagram.h"
#include "io/long_work.h"
#include "io/loop.h"
#include "ledger/ledger.h"
#include "memory/chunk_pool.h"
#include "metrics/registry.h"
#include "own_spans/span_recorder.h"
#include "pipeline/dead_letters.h"
#include "pipeline/intake.h"
#include "reception/listener_options.h"
#include "reception/request_watcher.h"
#include "transport/server/server.h"

namespace millrace::reception {

// How datagrams are received on an address. The first worker reads them all: they have no
// connections that could be placed, and one address of the kernel's is one reader here.
struct DatagramListening {
  size_t bytes_max = 65'000;       // a longer one is reported as cut
  size_t kernel_buffer_bytes = 0;  // 0: the system's default
};

// One address, and how it is served there.
struct Listener {
  std::string protocol;     // "grpc", "http": for the log and the label of the limits' metrics
  ListenerOptions options;  // the address; assembly reads and makes tls, auth and limits
  // Routes of every signal that the receiver has, without a handler: assembly keeps those whose
  // signal has a pipeline here. Gates and the order of eviction are assembly's as well.
  transport::ServerOptions server;
  // Not empty: datagrams are received, and there is no server.
  std::optional<DatagramListening> datagrams = {};
};

// The parts that a receiver on one worker may use; all of them outlive the receiver.
struct ReceiverParts {
  std::string name;  // "otlp/internal"
  // By signal; null where no pipeline of that signal has this receiver. No request of such a signal
  // arrives, since its route does not exist.
  std::array<pipeline::Intake*, kSignalCount> intakes{};
  std::array<ledger::Refusals*, kSignalCount> refusals{};
  // By signal: what the memory_limiters of the fed pipelines count as refused.
  std::array<std::vector<metrics::Counter*>, kSignalCount> memory_refused{};
  io::Loop* loop = nullptr;
  ChunkPool* pool = nullptr;
  io::LongWork* long_work = nullptr;
  metrics::Registry* metrics = nullptr;
  Logger* log = nullptr;
  RequestWatcher* watcher = nullptr;             // null: the console is off
  own_spans::SpanRecorder* own_spans = nullptr;  // null: the collector does not trace itself
  // What the receiver cannot read is kept there; null: nothing is kept. Any thread.
  pipeline::DeadLetters* dead_letters = nullptr;
  std::function<WallTime()> wall_clock;  // any thread
  // Of the workers, for a receiver that deals its work to them.
  size_t worker_index = 0;
  size_t worker_count = 1;
  // More than this no message can have, whatever its own limit: the whole budget for messages.
  size_t message_bytes_max = SIZE_MAX;
};

// A receiver on one worker; used on that worker's loop only. It ends after its servers, which hand
// in no more, and before its intakes.
class Receiver {
 public:
  virtual ~Receiver() = default;
  // A whole request of one of the declared routes. The default is for receivers without listeners.
  // Overriders keep both. NOLINTNEXTLINE(performance-unnecessary-value-param)
  virtual void on_request(transport::Request, transport::Exchange) {}
  // A datagram to the declared listener of that index. Answers go nowhere.
  virtual void on_datagram(size_t /*listener*/, const io::Datagram&) {}
  // A request that was refused before it reached on_request (transport::ServerObserver).
  virtual void on_rejected(transport::Protocol, std::optional<Signal>, std::string_view /*reason*/,
                           std::string_view /*detail*/, std::string_view /*peer*/) {}
  // Each pull_interval, on the first worker only, until the drain begins.
  virtual void pull() {}
  // The drain begins: nothing that the receiver fetches by itself is handed in any more. Called on
  // each worker, at least once.
  virtual void stop() {}
};

// Makes the receiver of each worker from the options that were read; immutable, shared by all
// workers and by a later configuration that has the same options.
class ReceiverFactory {
 public:
  virtual ~ReceiverFactory() = default;
  // Called for each worker before the loops run.
  virtual Result<std::unique_ptr<Receiver>> make(ReceiverParts parts) const = 0;
};

// What reading a receiver's section gives.
struct ReceiverReading {
  std::shared_ptr<const ReceiverFactory> factory;
  std::vector<Listener> listeners;
  // For a receiver that pulls: the time between two calls of pull(); the first comes one interval
  // after the start.
  std::optional<Duration> pull_interval = {};
  // The file for messages that cannot be read or are refused for good.
  std::optional<config::DeadLetterConfig> dead_letter = {};
};

// One kind of receiver, as the catalogue lists it: its name, its signals and its options.
struct ReceiverKind {
  config::ComponentType type;
  // `section` is the receiver's own; the caller finishes it. With errors in the section's
  // diagnostics the reading is not used.
  ReceiverReading (*read)(config::Section& section);
};

constexpr config::ComponentType receiver_type(std::string_view type, uint8_t signals) {
  return {.kind = config::ComponentKind::kReceiver, .type = type, .signals = signals};
}

}  // namespace millrace::reception
