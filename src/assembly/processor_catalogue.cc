// The processors this build has: one line each.
#include <array>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "assembly/catalogue.h"
#include "processors/attributes/attributes_processor.h"
#include "processors/cumulativetodelta/cumulative_to_delta.h"
#include "processors/deltatocumulative/delta_to_cumulative.h"
#include "processors/filter/filter_processor.h"
#include "processors/groupbyattrs/groupbyattrs_processor.h"
#include "processors/interval/interval_processor.h"
#include "processors/logdedup/log_dedup.h"
#include "processors/metricstarttime/metric_start_time.h"
#include "processors/metricstransform/metrics_transform.h"
#include "processors/redaction/redaction_processor.h"
#include "processors/resourcedetection/resource_detection.h"
#include "processors/span/span_processor.h"
#include "processors/transform/transform_processor.h"

namespace millrace::assembly {
namespace {

using config::Section;

// A processor that is made by one function. Each takes its options, which were read once, along.
class FunctionProcessorFactory final : public ProcessorFactory {
 public:
  using Made = Result<std::unique_ptr<pipeline::Processor>>;
  using Make = std::function<Made(const ProcessorParts&)>;
  using Check = std::function<Status(Signal)>;
  using Steps = std::function<pipeline::RuleSteps(const RuleStepParts&)>;
  explicit FunctionProcessorFactory(Make make, Check check = {}, Steps steps = {})
      : make_(std::move(make)), check_(std::move(check)), steps_(std::move(steps)) {}
  Made make(const ProcessorParts& parts) override { return make_(parts); }
  Status check(Signal signal) const override { return check_ ? check_(signal) : Status(); }
  pipeline::RuleSteps rule_steps(const RuleStepParts& parts) const override {
    return steps_ ? steps_(parts) : pipeline::RuleSteps();
  }

 private:
  Make make_;
  Check check_;
  Steps steps_;
};

ProcessorReading read_attributes(Section& section) {
  processors::attributes::Options options;
  processors::attributes::read_attributes_options(section, &options);
  return {.factory = std::make_shared<FunctionProcessorFactory>(
              [options](const ProcessorParts&) {
                return processors::attributes::make_attributes_processor(options);
              },
              [match = options.match](Signal signal) {
                return item_match::check_signal(match, signal);
              },
              [options](const RuleStepParts&) {
                return processors::attributes::attributes_steps(options);
              })};
}

// State that the workers of one pipeline share; it ends with the last processor that uses it.
template <class State>
class SharedByPipeline {
 public:
  template <class Make>
  std::shared_ptr<State> of(std::string_view pipeline, const Make& make) {
    std::weak_ptr<State>& known = by_pipeline_[std::string(pipeline)];
    std::shared_ptr<State> state = known.lock();
    if (state == nullptr) known = state = make();
    return state;
  }

 private:
  std::map<std::string, std::weak_ptr<State>> by_pipeline_;
};

ProcessorReading read_cumulative_to_delta(Section& section) {
  namespace conversion = processors::cumulativetodelta;
  auto options = std::make_shared<conversion::Options>();
  conversion::read_options(section, *options);
  auto shared = std::make_shared<SharedByPipeline<conversion::Streams>>();
  return {.factory = std::make_shared<FunctionProcessorFactory>([options, shared](
                                                                    const ProcessorParts& parts) {
            const conversion::Parts own{.name = parts.name,
                                        .loop = parts.loop,
                                        .budget = parts.pool.budget(),
                                        .log = parts.log,
                                        .metrics = parts.metrics,
                                        .wall_clock = parts.wall_clock};
            return conversion::make_cumulative_to_delta_processor(
                options,
                shared->of(parts.pipeline, [&] { return conversion::make_streams(*options, own); }),
                own);
          })};
}

ProcessorReading read_delta_to_cumulative(Section& section) {
  namespace conversion = processors::deltatocumulative;
  conversion::Options options;
  conversion::read_options(section, options);
  auto shared = std::make_shared<SharedByPipeline<conversion::Streams>>();
  return {.factory = std::make_shared<FunctionProcessorFactory>([options, shared](
                                                                    const ProcessorParts& parts) {
            const conversion::Parts own{.name = parts.name,
                                        .loop = parts.loop,
                                        .budget = parts.pool.budget(),
                                        .log = parts.log,
                                        .metrics = parts.metrics};
            return conversion::make_delta_to_cumulative_processor(
                shared->of(parts.pipeline, [&] { return conversion::make_streams(options, own); }),
                own);
          })};
}

ProcessorReading read_groupbyattrs(Section& section) {
  processors::groupbyattrs::Options options;
  processors::groupbyattrs::read_options(section, options);
  return {.factory = std::make_shared<FunctionProcessorFactory>([options](const ProcessorParts&) {
            return processors::groupbyattrs::make_groupbyattrs_processor(options);
          })};
}

ProcessorReading read_interval(Section& section) {
  processors::interval::Options options;
  processors::interval::read_options(section, options);
  return {
      .factory = std::make_shared<FunctionProcessorFactory>([options](const ProcessorParts& parts) {
        return processors::interval::make_interval_processor(options, {.loop = parts.loop,
                                                                       .pool = parts.pool,
                                                                       .long_work = parts.long_work,
                                                                       .outlet = parts.outlet});
      })};
}

ProcessorReading read_metric_start_time(Section& section) {
  namespace starts = processors::metricstarttime;
  starts::Options options;
  starts::read_options(section, options);
  auto shared = std::make_shared<SharedByPipeline<starts::Streams>>();
  return {.factory = std::make_shared<FunctionProcessorFactory>(
              [options, shared](const ProcessorParts& parts) {
                const starts::Parts own{.name = parts.name,
                                        .loop = parts.loop,
                                        .budget = parts.pool.budget(),
                                        .log = parts.log,
                                        .wall_clock = parts.wall_clock};
                return starts::make_metric_start_time_processor(
                    options,
                    shared->of(parts.pipeline, [&] { return starts::make_streams(options, own); }),
                    own);
              })};
}

ProcessorReading read_resource(Section& section) {
  processors::attributes::Options options;
  processors::attributes::read_resource_options(section, &options);
  return {.factory = std::make_shared<FunctionProcessorFactory>(
              [options](const ProcessorParts&) {
                return processors::attributes::make_resource_processor(options);
              },
              FunctionProcessorFactory::Check(),
              [options](const RuleStepParts&) {
                return processors::attributes::resource_steps(options);
              })};
}

ProcessorReading read_metrics_transform(Section& section) {
  namespace metricstransform = processors::metricstransform;
  return {.factory = std::make_shared<FunctionProcessorFactory>(
              [options = metricstransform::read_options(section)](const ProcessorParts& parts) {
                return metricstransform::make_metrics_transform_processor(options, parts.log);
              })};
}

ProcessorReading read_resource_detection(Section& section) {
  namespace detection = processors::resourcedetection;
  detection::Options options;
  detection::read_options(section, options);
  auto shared = std::make_shared<detection::SharedDetection>(std::move(options));
  return {.factory =
              std::make_shared<FunctionProcessorFactory>([shared](const ProcessorParts& parts) {
                return detection::make_resource_detection_processor(
                    *shared, {.name = parts.name,
                              .loop = parts.loop,
                              .budget = parts.pool.budget(),
                              .log = parts.log,
                              .metrics = parts.metrics,
                              .system = detection::system_of_process()});
              })};
}

ProcessorReading read_redaction(Section& section) {
  processors::redaction::Options options;
  processors::redaction::read_options(section, options);
  return {.factory = std::make_shared<FunctionProcessorFactory>([options](const ProcessorParts&) {
            return processors::redaction::make_redaction_processor(options);
          })};
}

ProcessorReading read_span(Section& section) {
  processors::span::Options options;
  processors::span::read_options(section, options);
  return {.factory = std::make_shared<FunctionProcessorFactory>(
              [options](const ProcessorParts&) {
                return processors::span::make_span_processor(options);
              },
              [match = options.match](Signal signal) {
                return item_match::check_signal(match, signal);
              })};
}

// A tally for each signal, shared by the workers.
class Tallies {
 public:
  const std::shared_ptr<rules::Tally>& of(const ProcessorParts& parts,
                                          const std::vector<std::string>& rules,
                                          int64_t shown_max) {
    auto& tally = tallies_[index_of(parts.signal)];
    if (tally == nullptr) {
      tally = std::make_shared<rules::Tally>(
          rules::TallyOptions{parts.name, parts.signal, rules, shown_max}, parts.metrics,
          parts.log);
    }
    return tally;
  }

 private:
  std::array<std::shared_ptr<rules::Tally>, kSignalCount> tallies_;
};

rules::Environment environment_of(const ProcessorParts& parts) {
  return {.wall_clock = &parts.wall_clock, .random = &parts.loop.random()};
}

rules::Environment environment_of(const RuleStepParts& parts) {
  return {.wall_clock = &parts.wall_clock, .random = &parts.random};
}

ProcessorReading read_transform(Section& section) {
  const auto options = std::make_shared<processors::transform::Options>();
  processors::transform::read_options(section, options.get());
  return {.factory = std::make_shared<FunctionProcessorFactory>(
              [options, tallies = std::make_shared<Tallies>()](const ProcessorParts& parts) {
                return processors::transform::make_transform_processor(
                    options, parts.signal,
                    tallies->of(parts, options->texts[index_of(parts.signal)],
                                options->statement_metrics),
                    environment_of(parts));
              },
              FunctionProcessorFactory::Check(),
              [options](const RuleStepParts& parts) {
                return processors::transform::transform_steps(
                    options, parts.signal, environment_of(parts), parts.metrics, parts.log);
              })};
}

ProcessorReading read_filter(Section& section) {
  const auto options = std::make_shared<processors::filter::Options>();
  processors::filter::read_options(section, options.get());
  return {
      .factory = std::make_shared<FunctionProcessorFactory>(
          [options, tallies = std::make_shared<Tallies>()](const ProcessorParts& parts) {
            return processors::filter::make_filter_processor(
                {.name = parts.name,
                 .signal = parts.signal,
                 .options = options,
                 .tally = tallies->of(parts, options->signals[index_of(parts.signal)].texts,
                                      options->condition_metrics),
                 .metrics = parts.metrics,
                 .environment = environment_of(parts)});
          },
          [options](Signal signal) { return processors::filter::check_signal(*options, signal); },
          [options](const RuleStepParts& parts) {
            return processors::filter::filter_steps({.name = parts.name,
                                                     .signal = parts.signal,
                                                     .options = options,
                                                     .tally = nullptr,
                                                     .metrics = parts.metrics,
                                                     .environment = environment_of(parts)},
                                                    parts.log);
          })};
}

ProcessorReading read_log_dedup(Section& section) {
  auto options = std::make_shared<processors::logdedup::Options>();
  processors::logdedup::read_options(section, *options);
  return {.factory = std::make_shared<FunctionProcessorFactory>(
              [options, tallies = std::make_shared<Tallies>()](const ProcessorParts& parts) {
                return processors::logdedup::make_log_dedup_processor(
                    options, {.name = parts.name,
                              .loop = parts.loop,
                              .pool = parts.pool,
                              .long_work = parts.long_work,
                              .log = parts.log,
                              .metrics = parts.metrics,
                              .wall_clock = parts.wall_clock,
                              .outlet = parts.outlet,
                              .tally = tallies->of(parts, options->condition_texts,
                                                   rules::kShownRulesDefault),
                              .environment = environment_of(parts)});
              })};
}

constexpr config::ComponentType processor(std::string_view type, uint8_t signals) {
  return {.kind = config::ComponentKind::kProcessor, .type = type, .signals = signals};
}

constexpr uint8_t kOnlyLogs = 1U << index_of(Signal::kLogs);
constexpr uint8_t kOnlyMetrics = 1U << index_of(Signal::kMetrics);
constexpr uint8_t kOnlyTraces = 1U << index_of(Signal::kTraces);

constexpr std::array kProcessors = {
    ProcessorKind{processor("attributes", config::kNoProfiles), read_attributes},
    ProcessorKind{processor("cumulative_to_delta", kOnlyMetrics), read_cumulative_to_delta},
    ProcessorKind{processor("delta_to_cumulative", kOnlyMetrics), read_delta_to_cumulative},
    ProcessorKind{processor("groupbyattrs", config::kNoProfiles), read_groupbyattrs},
    ProcessorKind{processor("interval", kOnlyMetrics), read_interval},
    ProcessorKind{processor("log_dedup", kOnlyLogs), read_log_dedup},
    ProcessorKind{processor("metric_start_time", kOnlyMetrics), read_metric_start_time},
    ProcessorKind{processor("metrics_transform", kOnlyMetrics), read_metrics_transform},
    ProcessorKind{processor("redaction", config::kNoProfiles), read_redaction},
    ProcessorKind{processor("resource", config::kNoProfiles), read_resource},
    ProcessorKind{processor("resource_detection", config::kAllSignals), read_resource_detection},
    ProcessorKind{processor("span", kOnlyTraces), read_span},
    ProcessorKind{processor("transform", config::kNoProfiles), read_transform},
    ProcessorKind{processor("filter", config::kNoProfiles), read_filter},
    ProcessorKind{processor("batch", config::kAllSignals), nullptr},
    ProcessorKind{processor("memory_limiter", config::kAllSignals), nullptr},
};

}  // namespace

std::span<const ProcessorKind> processor_kinds() { return kProcessors; }

}  // namespace millrace::assembly
