#include "daemon/sink/sink.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "daemon/generate/acknowledged_file.h"
#include "daemon/generate/load_result.h"
#include "daemon/otlp_client/interrupt.h"
#include "daemon/otlp_client/option_values.h"
#include "daemon/otlp_client/output_file.h"
#include "daemon/otlp_client/shown_progress.h"
#include "daemon/sink/sink_service.h"
#include "io/epoll/epoll.h"
#include "io/tls.h"

namespace millrace::load {
namespace {

constexpr size_t kMemoryBytesMax = size_t{1} << 30;
constexpr size_t kIdleChunksMax = 8;
constexpr size_t kAnnouncedBytesMax = size_t{512} << 20;

class Sink final : private transport::ServerObserver {
 public:
  Sink(io::Loop& loop, const SinkOptions& options, std::FILE* record)
      : loop_(loop),
        options_(options),
        budget_(kMemoryBytesMax),
        pool_(budget_, kIdleChunksMax),
        service_(
            loop, pool_, options, record, [this] { on_accepted(); },
            [this] { loop_.post([this] { cut(); }); }),
        progress_timer_(loop.make_timer([this] { show_progress(); })),
        settle_timer_(loop.make_timer([this] { loop_.stop(); })),
        end_timer_(loop.make_timer([this] { loop_.stop(); })) {}

  Status start() {
    started_at_ = shown_at_ = loop_.now();
    if (Status ready = prepare_endpoints(); !ready) return ready;
    if (Status listening = listen_all(); !listening) return listening;
    for (const io::ListenOptions& listen : listens_) {
      std::printf("listening on %s:%u\n", listen.host.c_str(), unsigned{listen.port});
    }
    std::fflush(stdout);
    if (!options_.interval) live_line_.emplace(loop_, [this] { return progress(); });
    if (live_line_ && !live_line_->is_shown()) live_line_.reset();
    if (line_interval() > 0s) progress_timer_->arm_at(started_at_ + line_interval());
    if (options_.duration > 0s) end_timer_->arm_at(started_at_ + options_.duration);
    return {};
  }

  Tally& tally() { return service_.tally(); }
  void clear_live_line() { live_line_.reset(); }

 private:
  Status prepare_endpoints() {
    std::shared_ptr<io::TlsServerContext> tls;
    if (!options_.tls_cert_file.empty()) {
      io::TlsOptions how;
      how.cert_file = options_.tls_cert_file;
      how.key_file = options_.tls_key_file;
      how.alpn = {"h2", "http/1.1"};
      auto context = io::make_tls_server_context(how);
      if (!context) return fail(context.error());
      tls = *std::move(context);
    }
    for (const std::string& text : options_.endpoints) {
      auto endpoint = parse_endpoint(text, 4317);
      if (!endpoint) return fail(endpoint.error());
      io::ListenOptions listen;
      listen.host = endpoint->host;
      listen.port = endpoint->port;
      listen.tls = tls;
      listens_.push_back(std::move(listen));
    }
    return {};
  }

  // Ports that the kernel chose are used again after a cut.
  Status listen_all() {
    transport::ServerOptions server;
    server.announced_bytes_max = kAnnouncedBytesMax;
    for (const Signal signal : kSignals) {
      const std::string path = signal == Signal::kProfiles
                                   ? "/v1development/profiles"
                                   : "/v1/" + std::string(signal_name(signal));
      server.otlp_routes.push_back({signal, path, &service_});
    }
    server_ = transport::make_server(loop_, pool_, std::move(server), *this);
    for (io::ListenOptions& listen : listens_) {
      const auto port = server_->listen(listen);
      if (!port) return fail(port.error());
      listen.port = *port;
    }
    return {};
  }

  void on_accepted() {
    const uint64_t expected = options_.expect;
    if (expected == 0 || tally().distinct_count() < expected || settle_timer_->armed()) return;
    settle_timer_->arm_at(loop_.now() + options_.settle);
  }

  void cut() {
    server_.reset();
    if (const Status listening = listen_all(); !listening) {
      std::fprintf(stderr, "sink: %s\n", listening.error().message.c_str());
      loop_.stop();
    }
  }

  Duration line_interval() const {
    constexpr Duration kUsual = 1s;
    return live_line_ ? Duration(0) : options_.interval.value_or(kUsual);
  }

  terminal_text::Progress progress() {
    const Duration elapsed = loop_.now() - started_at_;
    terminal_text::Progress progress{.noun = "items",
                                     .done = tally().item_count(),
                                     .total = options_.expect,
                                     .elapsed = elapsed};
    if (options_.expect != 0) progress.done = tally().distinct_count();
    if (options_.duration > 0s && options_.expect == 0) {
      progress.left = std::max(Duration(0), options_.duration - elapsed);
    }
    return progress;
  }

  void show_progress() {
    const Duration elapsed = loop_.now() - started_at_;
    const std::string line = service_.tally().progress_line(loop_.now() - shown_at_);
    std::fputs(
        fmt::format("[{:>5.0f} s] {}", static_cast<double>(elapsed.count()) / 1e9, line).c_str(),
        stdout);
    std::fflush(stdout);
    shown_at_ = loop_.now();
    progress_timer_->arm_at(shown_at_ + line_interval());
  }

  void on_rejected(transport::Protocol, std::optional<Signal>, std::string_view reason,
                   std::string_view detail, std::string_view peer) override {
    if (live_line_) live_line_->clear();
    std::fprintf(stderr, "sink: rejected %.*s: %.*s: %.*s\n", static_cast<int>(peer.size()),
                 peer.data(), static_cast<int>(reason.size()), reason.data(),
                 static_cast<int>(detail.size()), detail.data());
  }
  void on_connections(int) override {}

  io::Loop& loop_;
  const SinkOptions& options_;
  Budget budget_;
  ChunkPool pool_;
  SinkService service_;
  std::unique_ptr<io::Timer> progress_timer_;
  std::unique_ptr<io::Timer> settle_timer_;
  std::unique_ptr<io::Timer> end_timer_;
  std::vector<io::ListenOptions> listens_;
  std::optional<ShownProgress> live_line_;
  MonotonicTime started_at_{};
  MonotonicTime shown_at_{};
  std::unique_ptr<transport::Server> server_;  // destroyed before the objects that it calls
};

int fail_to_begin(const std::string& why) {
  std::fprintf(stderr, "sink: %s\n", why.c_str());
  return 2;
}

// False when an acknowledged item is missing, or a file cannot be read.
bool check_acknowledged(const std::vector<std::string>& files, Tally& tally) {
  for (const std::string& file : files) {
    const Status read = read_acknowledged(
        file, [&](NumberedId first, uint64_t count) { tally.check_acknowledged(first, count); });
    if (!read) {
      std::fprintf(stderr, "sink: %s\n", read.error().message.c_str());
      return false;
    }
  }
  return tally.lost_count() == 0;
}

}  // namespace

int run_sink(const SinkOptions& options) {
  if (const std::string fault = check_sink_options(options); !fault.empty()) {
    return fail_to_begin(fault);
  }
  FilePtr record;
  if (!options.record_file.empty()) {
    Result<FilePtr> opened = open_output(options.record_file, OutputStart::kAppend);
    if (!opened) return fail_to_begin(opened.error().message);
    record = *std::move(opened);
  }
  auto loop = io::make_epoll_loop();
  if (!loop) return fail_to_begin(loop.error().message);
  Sink sink(**loop, options, record.get());
  const InterruptWatch interrupt(**loop, [&] { (*loop)->stop(); });
  if (const Status started = sink.start(); !started) return fail_to_begin(started.error().message);
  (*loop)->run();
  sink.clear_live_line();
  const bool has_all = check_acknowledged(options.acknowledged_files, sink.tally());
  const std::string summary = options.summary == SummaryFormat::kJson
                                  ? sink.tally().to_json(own_cpu_seconds())
                                  : sink.tally().to_text();
  std::fputs(summary.c_str(), stdout);
  std::fflush(stdout);
  if (options.expect == 0) return has_all ? 0 : 1;
  const bool complete = options.check_ids ? sink.tally().is_exactly(options.expect)
                                          : sink.tally().item_count() == options.expect;
  return complete && has_all ? 0 : 1;
}

}  // namespace millrace::load
