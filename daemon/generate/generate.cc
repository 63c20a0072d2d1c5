#include "daemon/generate/generate.h"

#include <algorithm>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "daemon/generate/acknowledged_file.h"
#include "daemon/generate/load_run.h"
#include "daemon/otlp_client/interrupt.h"
#include "daemon/otlp_client/shown_progress.h"
#include "daemon/otlp_client/target.h"
#include "io/epoll/epoll.h"

namespace millrace::load {
namespace {

int fail_to_begin(const std::string& why) {
  std::fprintf(stderr, "generate: %s\n", why.c_str());
  return 2;
}

// How many items have their last answer.
terminal_text::Progress progress_of(const LoadResult& result, const GenerateOptions& options,
                                    std::string_view noun, Duration elapsed) {
  terminal_text::Progress progress{
      .noun = noun,
      .done = result.ok + result.rejected + result.refused + result.failed,
      .total = options.total,
      .elapsed = elapsed};
  if (options.duration > 0s && options.total == 0) {
    progress.left = std::max(Duration(0), options.duration - elapsed);
  }
  return progress;
}

}  // namespace

int run_generate(const GenerateOptions& wanted) {
  GenerateOptions options = wanted;
  // "--total 10" means ten items, not one request of a hundred.
  if (options.total > 0 && options.total < options.items_per_request) {
    options.items_per_request = static_cast<uint32_t>(options.total);
  }
  if (const std::string fault = check_generate_options(options); !fault.empty()) {
    return fail_to_begin(fault);
  }
  auto client = client_options(options, "millrace-generate", options.streams);
  if (!client) return fail_to_begin(client.error().message);
  if (options.format == PayloadFormat::kJson) client->content_type = "application/json";
  std::optional<AcknowledgedFile> acknowledged;
  if (!options.acknowledged_file.empty()) {
    auto file = AcknowledgedFile::create(options.acknowledged_file);
    if (!file) return fail_to_begin(file.error().message);
    acknowledged = *std::move(file);
  }
  auto loop = io::make_epoll_loop();
  if (!loop) return fail_to_begin(loop.error().message);
  LoadRun::Clients clients;
  for (uint32_t i = 0; i < options.connections; ++i) {
    clients.push_back(make_client(**loop, options.protocol, *client));
  }
  LoadRun run(**loop, options, std::move(clients), [&] { (*loop)->stop(); });
  if (acknowledged) {
    run.observe_acknowledged(
        [&](NumberedId first, uint64_t count) { acknowledged->add(first, count); });
  }
  const InterruptWatch interrupt(**loop, [&] { run.end_sending(); });
  {
    const MonotonicTime started_at = (*loop)->now();
    const std::string noun(item_name(options.signal));
    const ShownProgress progress(**loop, [&] {
      return progress_of(run.result(), options, noun, (*loop)->now() - started_at);
    });
    (*loop)->post([&] { run.start(); });
    (*loop)->run();
  }
  const LoadResult& result = run.result();
  const std::string summary = options.summary == SummaryFormat::kJson
                                  ? to_json(result)
                                  : to_text(result, std::string(item_name(options.signal)));
  std::fputs(summary.c_str(), stdout);
  std::fflush(stdout);
  if (acknowledged) {
    if (const Status written = acknowledged->finish(); !written) {
      return fail_to_begin(written.error().message);
    }
  }
  return result.ok == result.sent ? 0 : 1;
}

}  // namespace millrace::load
