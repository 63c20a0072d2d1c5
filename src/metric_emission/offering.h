// Requests that a connector makes by itself, on their way into the pipelines behind. Those that are
// refused for now are offered again, once a second, as many as kRefusedMax; all others that are
// refused are dropped with a line in the log.
//
// One worker's loop.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/log.h"
#include "io/loop.h"
#include "pipeline/connector.h"

namespace millrace::metric_emission {

class Offering {
 public:
  static constexpr size_t kRefusedMax = 64;

  // `name`: of the connector, for the log. `on_settled` runs whenever the last request that was on
  // its way has arrived or is dropped.
  Offering(io::Loop& loop, Logger& log, std::string name, pipeline::ConnectorOutputs& outputs,
           std::function<void()> on_settled);
  ~Offering();
  Offering(const Offering&) = delete;
  Offering& operator=(const Offering&) = delete;

  void offer(Rope metrics, uint32_t point_count);
  // Forgets what was refused, because newer values take its place.
  void forget_refused() { refused_.clear(); }
  // Whether nothing is on its way.
  bool is_settled() const { return under_way_ == 0 && refused_.empty(); }

 private:
  void submit(pipeline::Payload payload);
  void on_verdict(pipeline::Payload payload, const pipeline::Verdict& verdict);
  void offer_again();

  io::Loop& loop_;
  Logger& log_;
  const std::string name_;
  pipeline::ConnectorOutputs& outputs_;
  const std::function<void()> on_settled_;
  const std::shared_ptr<Offering*> self_;  // points to null once this is gone: for late verdicts
  size_t under_way_ = 0;                   // requests whose verdict is not known
  std::vector<pipeline::Payload> refused_;
  const std::unique_ptr<io::Timer> again_timer_;
};

}  // namespace millrace::metric_emission
