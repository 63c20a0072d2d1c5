// The collector with one worker in the simulated world, under callgrind: what its own code costs
// for fixed requests, in instructions. `instructions.py` runs it.
//
//   instructions_rig PROTOCOL SPANS POLICY [PROCESSOR] [cards] [gzip-in] [gzip-out]     or
//   instructions_rig idle
//
// PROCESSOR is a name of kProcessors. `cards`: every attribute of a span is a card number.
//
// Instructions are collected only while code of the collector runs: not that of the sender, the
// back end, the network or the disk, and not before caches and pools are warm. Nothing depends on
// the time of day, on the machine's load or on an address, so that a run repeats to the
// instruction.
#include <fmt/format.h>
#include <valgrind/callgrind.h>

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "assembly/catalogue.h"
#include "assembly/collector.h"
#include "assembly/plan_from_document.h"
#include "base/log.h"
#include "compress/compressor.h"
#include "io/sim/running_host.h"
#include "io/sim/sim_disk.h"
#include "io/sim/sim_executor.h"
#include "io/sim/sim_file.h"
#include "io/sim/world.h"
#include "memory/testing/test_work.h"
#include "otlp/edit.h"
#include "otlp/example_requests.h"
#include "transport/client/client.h"
#include "transport/server/server.h"
#include "yaml/source.h"

namespace millrace {
namespace {

constexpr size_t kMachineBytes = 512 << 20;
constexpr int kWarmRounds = 4;
constexpr int kRounds = 10;
constexpr int kRequestsAtOnce = 4;  // of which the first goes alone, and those behind it are joined
constexpr int kIdleSeconds = 10;

[[noreturn]] void stop(const std::string& why) {
  fmt::print(stderr, "instructions_rig: {}\n", why);
  std::exit(1);
}

struct ProcessorCase {
  std::string_view name;
  std::string_view section;
};

// A processor as a case names it. Those of OTTL are the cases of processor_costs.py.
constexpr ProcessorCase kProcessors[] = {
    {"edit", "attributes: {actions: [{key: deployment.environment, value: test, action: insert}]}"},
    {"filter-resource",
     R"(filter: {traces: {resource: ['attributes["service.name"] == "none"']}})"},
    {"filter-attribute", R"(filter: {traces: {span: ['attributes["http.route"] == "/none"']}})"},
    {"filter-pattern", R"(filter: {traces: {span: ['IsMatch(name, "^(health|ready|live)z?$")']}})"},
    {"ottl-resource",
     R"(transform: {trace_statements: ['set(resource.attributes["env"], "production")']})"},
    {"ottl-set", R"(transform: {trace_statements: ['set(span.attributes["env"], "production")']})"},
    {"ten-statements", R"(transform:
    trace_statements:
      - set(span.attributes["deployment.environment"], "production")
      - set(span.attributes["service"], resource.attributes["service.name"])
      - delete_key(span.attributes, "http.user_agent")
      - replace_pattern(span.name, "/[0-9]+", "/{id}")
      - set(span.status.code, 2) where span.attributes["http.response.status_code"] >= 500
      - set(span.attributes["route"], span.attributes["http.route"]) where span.attributes["http.route"] != nil
      - truncate_all(span.attributes, 4096)
      - set(span.name, Concat(["GET", span.name], " ")) where span.kind == SPAN_KIND_CLIENT
      - delete_matching_keys(span.attributes, "^internal\\.")
      - set(span.attributes["slow"], true) where span.end_time - span.start_time > Duration("1s"))"},
    {"redaction",
     R"(redaction: {allow_all_keys: true, blocked_values: ["4[0-9]{12}(?:[0-9]{3})?"]})"},
};

struct Case {
  bool is_idle = false;
  bool is_grpc = true;
  uint32_t spans = 100;
  std::string policy = "accepted";
  const ProcessorCase* processor = nullptr;
  bool has_cards = false;
  bool gzip_in = false;
  bool gzip_out = false;
};

Case read_case(int argc, char** argv) {
  Case read;
  const std::vector<std::string_view> words(argv + 1, argv + argc);
  if (words.size() == 1 && words[0] == "idle") {
    read.is_idle = true;
    return read;
  }
  if (words.size() < 3)
    stop("PROTOCOL SPANS POLICY [PROCESSOR] [cards] [gzip-in] [gzip-out], or idle");
  read.is_grpc = words[0] == "grpc";
  read.spans = static_cast<uint32_t>(std::atoi(argv[2]));
  read.policy = words[2];
  for (size_t i = 3; i < words.size(); ++i) {
    const auto* const processor = std::ranges::find(kProcessors, words[i], &ProcessorCase::name);
    if (processor != std::end(kProcessors)) {
      read.processor = processor;
    } else if (words[i] == "cards") {
      read.has_cards = true;
    } else if (words[i] == "gzip-in") {
      read.gzip_in = true;
    } else if (words[i] == "gzip-out") {
      read.gzip_out = true;
    } else {
      stop("unknown word: " + std::string(words[i]));
    }
  }
  return read;
}

std::string configuration(const Case& wanted) {
  const bool is_stored = wanted.policy == "durable";
  std::string text = fmt::format(
      "receivers:\n  otlp:\n    protocols:\n"
      "      grpc: {{endpoint: \"0.0.0.0:4317\", acknowledge: {0}}}\n"
      "      http: {{endpoint: \"0.0.0.0:4318\", acknowledge: {0}}}\n"
      "{2}exporters:\n  otlp_grpc:\n    endpoint: sink:4317\n    tls: {{insecure: true}}\n"
      "    compression: {1}\n",
      wanted.policy, wanted.gzip_out ? "gzip" : "none",
      wanted.processor == nullptr ? ""
                                  : fmt::format("processors:\n  {}\n", wanted.processor->section));
  if (is_stored) {
    text +=
        "    sending_queue: {storage: file_storage}\n"
        "extensions:\n  file_storage: {directory: /queue, create_directory: true}\n";
  }
  const std::string_view section = wanted.processor == nullptr ? "" : wanted.processor->section;
  text += fmt::format(
      "service:\n{}  pipelines:\n    traces: {{receivers: [otlp], processors: [{}], "
      "exporters: [otlp_grpc]}}\n",
      is_stored ? "  extensions: [file_storage]\n" : "", section.substr(0, section.find(':')));
  return text;
}

assembly::Plan make_plan(const std::string& configuration) {
  const yaml::World nothing{.environment = [](const std::string&) { return std::nullopt; },
                            .read_file = [](const std::string& path) -> Result<std::string> {
                              return fail(Code::kNotFound, path);
                            }};
  std::vector<yaml::Finding> findings;
  auto root = yaml::load({.configs = {}, .sets = {}, .built_in = configuration}, nothing, findings);
  if (!root) stop(root.error().message);
  config::Diagnostics diagnostics;
  const config::Document document = config::read_document(*root, assembly::catalog(), diagnostics);
  auto plan = assembly::make_plan(document, {.memory_bytes = kMachineBytes}, diagnostics);
  if (!plan) stop(diagnostics.to_text());
  return std::move(*plan);
}

// --- What is collected
// -----------------------------------------------------------------------------

// Instructions are collected while it lives and code of the host runs.
class Collecting {
 public:
  explicit Collecting(size_t host) {
    collected_host = host;
    io::sim::RunningHost::observe(follow);
  }
  ~Collecting() { io::sim::RunningHost::observe(nullptr); }
  Collecting(const Collecting&) = delete;
  Collecting& operator=(const Collecting&) = delete;

 private:
  static void follow(size_t host) {
    if ((host == collected_host) == is_on) return;
    is_on = !is_on;
    CALLGRIND_TOGGLE_COLLECT;
  }

  static inline size_t collected_host = io::sim::kNoHost;
  static inline bool is_on = false;
};

// A network without chance: each segment is full and takes the same time.
io::sim::NetworkFaults steady_network() {
  io::sim::NetworkFaults network;
  network.latency_min = network.latency_max = 100us;
  network.cut = 0;
  network.buffer_bytes = 4 << 20;
  return network;
}

// --- Both ends
// -------------------------------------------------------------------------------------

// Answers OK.
class BackEnd final : public transport::RequestHandler, public transport::ServerObserver {
 public:
  explicit BackEnd(io::Loop& loop) {
    transport::ServerOptions options;
    options.otlp_routes.push_back({Signal::kTraces, "/v1/traces", this});
    server_ = transport::make_server(loop, pool_, std::move(options), *this);
    if (!server_->listen({.port = 4317})) stop("the back end does not listen");
  }
  size_t wire_bytes() const { return wire_bytes_; }

  void on_request(transport::Request request, transport::Exchange exchange) override {
    wire_bytes_ += request.wire_bytes;
    exchange.reply({});
  }
  void on_rejected(transport::Protocol, std::optional<Signal>, std::string_view reason,
                   std::string_view, std::string_view) override {
    stop("the back end rejected: " + std::string(reason));
  }
  void on_connections(int) override {}

 private:
  Budget budget_{size_t{1} << 30};
  ChunkPool pool_{budget_, 2};
  size_t wire_bytes_ = 0;
  std::unique_ptr<transport::Server> server_;
};

Bytes with_cards(const Bytes& request) {
  testing::TestWork own;
  const std::string card = otlp::encode_string_value("4111111111111111");
  const auto edit = [&](const otlp::EditContext&, otlp::AttributeList& list) {
    list.replace_if([](std::string_view) { return true; },
                    [&](const otlp::AnyValueView&) { return card; });
  };
  const auto edited = otlp::edit_request(Signal::kTraces, Rope(request), {.item = edit}, own.work);
  if (!edited) stop(edited.error().message);
  return Bytes::copy_of(as_text(edited->to_bytes().view()));
}

class Sender {
 public:
  Sender(io::Loop& loop, const Case& wanted) : loop_(loop) {
    transport::ClientOptions options;
    options.host = "collector";
    options.port = wanted.is_grpc ? 4317 : 4318;
    options.paths[index_of(Signal::kTraces)] = "/v1/traces";
    client_ = wanted.is_grpc ? transport::make_grpc_client(loop, std::move(options))
                             : transport::make_http_client(loop, std::move(options));
    const Bytes plain = otlp::example_request(Signal::kTraces, {.items = wanted.spans});
    request_.body = Rope(wanted.has_cards ? with_cards(plain) : plain);
    if (!wanted.gzip_in) return;
    compress::Compressor gzip(compress::Coding::kGzip, compress::kDefaultLevel);
    auto compressed = gzip.compress(request_.body);
    if (!compressed) stop(compressed.error().message);
    request_.body = Rope(std::move(*compressed));
    request_.coding = compress::Coding::kGzip;
  }
  void send() {
    transport::ClientRequest request = request_;
    request.deadline = loop_.now() + 30s;
    ++waiting_;
    client_->send(std::move(request), [this](const transport::ClientAnswer& answer) {
      --waiting_;
      if (answer.kind != transport::ClientAnswer::Kind::kAnswered || answer.code != Code::kOk) {
        stop("a request was not answered OK: " + answer.message);
      }
    });
  }
  bool is_done() const { return waiting_ == 0; }

 private:
  io::Loop& loop_;
  std::unique_ptr<transport::Client> client_;
  transport::ClientRequest request_;
  int waiting_ = 0;
};

// --- The run
// ---------------------------------------------------------------------------------------

class Rig {
 public:
  explicit Rig(const Case& wanted)
      : wanted_(wanted),
        log_(
            {.level = LogLevel::kError, .sampling_enabled = false},
            [](std::string_view line) { stop(std::string(line)); }, [] { return int64_t{0}; }) {
    start_collector();
    back_end_ = std::make_unique<BackEnd>(*back_end_loop_);
    sender_ = std::make_unique<Sender>(*sender_loop_, wanted);
  }
  ~Rig() {
    sender_.reset();
    collector_.reset();
    back_end_.reset();
  }
  Rig(const Rig&) = delete;
  Rig& operator=(const Rig&) = delete;

  // How many requests, or idle seconds, were collected.
  int run() {
    for (int round = 0; round < kWarmRounds; ++round) play_round();
    const size_t before = back_end_->wire_bytes();
    const Collecting collecting(world_.host_number("collector"));
    if (wanted_.is_idle) {
      world_.run_for(kIdleSeconds * 1s);
      return kIdleSeconds;
    }
    for (int round = 0; round < kRounds; ++round) play_round();
    if (back_end_->wire_bytes() == before) stop("nothing came to the back end");
    return kRounds * kRequestsAtOnce;
  }
  void check_ledger() const {
    if (!collector_->imbalances().empty()) stop("the ledger does not balance");
  }

 private:
  void start_collector() {
    const io::sim::RunningHost running(world_.host_number("collector"));
    auto made = assembly::Collector::create(
        make_plan(configuration(wanted_)),
        {.loops = {loop_.get()},
         .log = &log_,
         .unsampled_log = &log_,
         .files = &files_,
         .wall_clock = [this] { return loop_->wall_now(); },
         .disk = &disk_,
         .make_lane =
             [this](const std::string&) {
               return std::make_unique<io::sim::SimExecutor>(*loop_, Duration(0));
             },
         .long_work = {.clock = [this] { return loop_->now(); }}});
    if (!made) stop(made.error().message);
    collector_ = std::move(*made);
  }

  // Requests at once, and all that follows from them.
  void play_round() {
    for (int request = 0; request < kRequestsAtOnce; ++request) sender_->send();
    const auto is_over = [this] { return sender_->is_done() && is_quiet(); };
    if (!world_.run_until(is_over, 60s)) stop("a round does not end");
    world_.run_for(5ms);
  }
  bool is_quiet() const {
    for (const auto& destination : collector_->health().destinations) {
      if (destination.queue_size != 0 || destination.in_flight != 0) return false;
    }
    return true;
  }

  const Case wanted_;
  io::sim::World world_{1, steady_network()};
  io::sim::SimFileSystem files_;
  io::sim::SimDisk disk_{1};
  Logger log_;
  std::unique_ptr<io::Loop> loop_ = world_.make_loop("collector");
  std::unique_ptr<io::Loop> back_end_loop_ = world_.make_loop("sink");
  std::unique_ptr<io::Loop> sender_loop_ = world_.make_loop("sender");
  std::unique_ptr<assembly::Collector> collector_;
  std::unique_ptr<BackEnd> back_end_;
  std::unique_ptr<Sender> sender_;
};

}  // namespace
}  // namespace millrace

int main(int argc, char** argv) {
  millrace::Rig rig(millrace::read_case(argc, argv));
  const int count = rig.run();
  rig.check_ledger();
  fmt::print("{}\n", count);
  return 0;
}
