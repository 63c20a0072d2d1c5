// The part that the workers of one exporter share: where its state is. The pointer to the owner is
// for the owner's loop; everything else is safe from any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "exporters/prometheus/options.h"
#include "exporters/prometheus/state_owner.h"
#include "io/loop.h"
#include "metrics/registry.h"

namespace millrace::exporters {

class PrometheusHub {
 public:
  explicit PrometheusHub(PrometheusOptions read)
      : options(std::make_shared<const PrometheusOptions>(std::move(read))) {}

  const std::shared_ptr<const PrometheusOptions> options;
  // The owner and its loop; both are set before the loops run.
  io::Loop* loop = nullptr;
  StateOwner* owner = nullptr;  // null: it has ended

  // Pages that are being read, each of which reserves memory. Added to by every worker; relaxed,
  // since it only bounds them.
  std::atomic<int> page_count{0};
  std::atomic<uint64_t> next_page{1};
};

}  // namespace millrace::exporters
