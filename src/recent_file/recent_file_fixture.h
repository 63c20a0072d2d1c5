// A store and its files on a simulated disk, in one life of a collector.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "io/sim/sim_disk.h"
#include "io/sim/sim_executor.h"
#include "otlp/example_requests.h"
#include "pipeline/testing/manual_loop.h"
#include "recent_file/recent_file.h"

namespace millrace::recent_file {

inline constexpr std::string_view kDirectory = "d";

struct Life {
  struct Options {
    std::string id = "first";
    std::vector<std::string> pipelines = {"traces", "logs"};
    size_t store_bytes = 4 << 20;
    uint64_t bytes_max = 8 << 20;
    uint64_t redaction_hash = 0;
  };

  Life(io::sim::SimDisk& disk, Options options)
      : store(budget, options.store_bytes, options.pipelines,
              {.id = options.id, .started_at = WallTime(100s)}) {
    auto opened =
        RecentFile::open({.directory = std::string(kDirectory),
                          .bytes_max = options.bytes_max,
                          .redaction_hash = options.redaction_hash},
                         {.disk = &disk, .store = &store, .budget = &budget, .log = &log});
    if (!opened) {
      error = opened.error().message;
      return;
    }
    file = std::move(*opened);
    auto made = std::make_unique<io::sim::HandExecutor>();
    lane = made.get();
    file->follow(loop, std::move(made));
  }

  // A request of about 400 bytes an item.
  void keep(uint32_t items = 1, Signal signal = Signal::kTraces, size_t pipeline = 0) {
    store.add({.signal = signal,
               .item_count = items,
               .pipeline = pipeline,
               .received_at = WallTime(5s),
               .bytes = Rope(otlp::example_request(signal, {.items = items}))});
  }
  void round() {
    loop.advance(1s);
    lane->run_all();
  }

  pipeline::testing::ManualLoop loop;
  Budget budget{64 << 20};
  std::vector<std::string> lines;
  Logger log{{.level = LogLevel::kInfo, .sampling_enabled = false},
             [this](std::string_view line) { lines.emplace_back(line); },
             [] { return int64_t{0}; }};
  recent::Store store;
  io::sim::HandExecutor* lane = nullptr;  // the file's
  std::unique_ptr<RecentFile> file;
  std::string error;
};

}  // namespace millrace::recent_file
