// Any body as the second of two scrapes: its requests pass admission with as many points as they
// say, the same body a third time adds no series and ends none, and a body with other digits gives
// the same whether it is replayed (scrape_replay.h) or read in full.
#include <algorithm>
#include <cstdlib>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "otlp/admit.h"
#include "receivers/prometheus/scrape_output.h"

using namespace millrace;
using namespace millrace::receivers::prometheus;

namespace {

ScrapeOptions options_of(uint8_t choices) {
  ScrapeOptions options;
  options.job_name = "j";
  options.rules.honor_labels = (choices & 1) != 0;
  options.rules.trim_suffixes = (choices & 2) != 0;
  options.parser.native_histograms = (choices & 4) != 0;
  return options;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const ScrapeOptions options = options_of(data[0]);
  const auto format = static_cast<Format>(data[0] >> 4 & 3);
  if (static_cast<int>(format) == 3) return 0;
  const std::string_view body = as_text({data + 1, size - 1});
  const Target target = **make_target(options, {{"env", "e"}}, {{"__address__", "a:1"}});
  Budget budget(64 << 20);
  ChunkPool pool(budget, 0);
  Pace pace;
  Work work{pool, pace};
  SeriesMemory memory;
  const auto scrape = [&](std::string_view text, Format as, bool may_mark) {
    const auto made = write_scrape(
        options, target, {.body = text, .format = as, .time = WallTime(1000s), .duration = 1s}, {},
        memory, work, [&](const ScrapeBatch::Request& request) {
          const auto admitted = otlp::admit(Signal::kMetrics, request.bytes.view());
          if (!admitted || admitted->item_count != request.point_count) std::abort();
          if (!may_mark && as_text(request.bytes.view()).contains("marks")) std::abort();
        });
    if (!made) std::abort();
    return made->outcome.has_value();
  };
  scrape("marks{a=\"b\"} 1\n# TYPE markh histogram\nmarks_count 1\n", Format::kText, true);
  scrape(body, format, true);
  if (!body.contains("marks")) scrape(body, format, false);

  std::string other(body);
  std::ranges::replace(other, '1', '7');
  const auto bytes_of = [&](std::string_view text, SeriesMemory& of) {
    std::string bytes;
    const auto made = write_scrape(
        options, target, {.body = text, .format = format, .time = WallTime(2000s), .duration = 1s},
        {}, of, work,
        [&](const ScrapeBatch::Request& request) { bytes += as_text(request.bytes.view()); });
    return made ? bytes : std::string("no memory");
  };
  SeriesMemory full;
  for (int i = 0; i < 2; ++i) bytes_of(body, full);
  bytes_of(body, memory);
  full.keep(std::nullopt);
  if (bytes_of(other, memory) != bytes_of(other, full)) std::abort();
  return 0;
}
