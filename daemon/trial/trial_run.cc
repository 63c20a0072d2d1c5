#include "daemon/trial/trial_run.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "base/log.h"
#include "io/epoll/epoll.h"
#include "io/long_work.h"
#include "memory/budget.h"
#include "memory/chunk_pool.h"
#include "metrics/registry.h"
#include "otlp/json/encode.h"
#include "pipeline/payload.h"
#include "pipeline/processor.h"

namespace millrace::trial {
namespace {

using pipeline::Payload;

class Collecting final : public pipeline::Outlet {
 public:
  explicit Collecting(Step& step) : step_(step) {}
  Status emit(Payload payload) override {
    emitted_.push_back(std::move(payload));
    return {};
  }
  void filter(uint32_t item_count) override { step_.filtered_count += item_count; }
  void sample_out(uint32_t item_count) override { step_.sampled_out_count += item_count; }
  std::vector<Payload> take() { return std::exchange(emitted_, {}); }

 private:
  Step& step_;
  std::vector<Payload> emitted_;
};

// The loop, pool, log and clock that a worker gives to its processors.
struct Surroundings {
  Surroundings(const assembly::Plan& plan, std::unique_ptr<io::Loop> made)
      : budget(plan.budget_bytes), loop(std::move(made)) {}

  Budget budget;
  std::unique_ptr<io::Loop> loop;
  ChunkPool pool{budget, 0};
  io::LongWork long_work{*loop, pool};
  Logger log{{}, nullptr, nullptr};
  std::function<WallTime()> wall_clock = [] {
    return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
  };
};

// One processor with everything that belongs to it alone.
struct Stage {
  explicit Stage(Step made) : step(std::move(made)) {}
  Step step;
  metrics::Registry metrics;
  Collecting outlet{step};
  std::unique_ptr<pipeline::Processor> processor;  // null: it acts elsewhere
};

std::string json_of(const Payload& payload) {
  std::string json;
  const Bytes bytes = payload.bytes.to_bytes();
  const auto encoded = otlp::json::encode_request(payload.signal, bytes.view(), &json);
  return encoded ? json : "\"" + encoded.error().message + "\"";
}

void wait_for(io::Loop& loop, Duration time) {
  if (time <= Duration(0)) return;
  const auto timer = loop.make_timer([&loop] { loop.stop(); });
  timer->arm_at(loop.now() + time);
  loop.run();
}

std::vector<Payload> run_stage(Stage& stage, std::vector<Payload> payloads, Work work) {
  std::vector<Payload> behind;
  Step& step = stage.step;
  for (Payload& payload : payloads) {
    if (stage.processor != nullptr) {
      const auto result = stage.processor->process(payload, work);
      if (!result) {
        if (!step.failure) step.failure = result.error();
        continue;
      }
      step.filtered_count += result->filtered_count;
      step.sampled_out_count += result->sampled_out_count;
    }
    if (payload.item_count > 0) behind.push_back(std::move(payload));
  }
  if (stage.processor != nullptr) stage.processor->flush();
  std::ranges::move(stage.outlet.take(), std::back_inserter(behind));
  for (const Payload& payload : behind) {
    step.requests.push_back(json_of(payload));
    step.item_count += payload.item_count;
  }
  step.rules = rule_counts(stage.metrics.snapshot());
  return behind;
}

}  // namespace

bool Trial::has_failed() const {
  return std::ranges::any_of(steps, [](const Step& step) { return step.failure.has_value(); });
}

Result<Trial> run_trial(const assembly::Plan& plan, size_t pipeline,
                        const std::vector<SampleRequest>& sample, Duration wait) {
  const assembly::PipelinePlan& chosen = plan.pipelines[pipeline];
  auto loop = io::make_epoll_loop();
  if (!loop) return fail(loop.error());
  Surroundings surroundings(plan, std::move(*loop));
  std::vector<std::unique_ptr<Stage>> stages;
  for (const size_t index : chosen.processors) {
    const assembly::ProcessorPlan& processor = plan.processors[index];
    stages.push_back(std::make_unique<Stage>(
        Step{.processor = processor.id, .acts_elsewhere = processor.factory == nullptr}));
    Stage& stage = *stages.back();
    if (processor.factory == nullptr) continue;
    auto made = processor.factory->make({.name = processor.id,
                                         .signal = chosen.signal,
                                         .loop = *surroundings.loop,
                                         .pool = surroundings.pool,
                                         .long_work = surroundings.long_work,
                                         .log = surroundings.log,
                                         .metrics = stage.metrics,
                                         .wall_clock = surroundings.wall_clock,
                                         .outlet = stage.outlet});
    if (!made) return fail(made.error().code, processor.id + ": " + made.error().message);
    stage.processor = std::move(*made);
  }
  wait_for(*surroundings.loop, wait);

  Trial trial{.pipeline = chosen.id, .requests = {}, .steps = {}};
  std::vector<Payload> payloads;
  for (const SampleRequest& request : sample) {
    payloads.push_back({.signal = request.signal,
                        .item_count = request.item_count,
                        .bytes = Rope(request.bytes),
                        .metadata = nullptr,
                        .completion = nullptr,
                        .admitted_at = surroundings.loop->now()});
    trial.requests.push_back(json_of(payloads.back()));
    trial.item_count += request.item_count;
  }
  for (const auto& stage : stages) {
    payloads = run_stage(*stage, std::move(payloads), surroundings.long_work.work());
    trial.steps.push_back(stage->step);
  }
  return trial;
}

}  // namespace millrace::trial
