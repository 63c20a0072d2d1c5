#include "processors/resourcedetection/detection.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <utility>

#include "io/fiber.h"
#include "transport/client/web_exchange.h"

namespace millrace::processors::resourcedetection {
namespace {

// The limit of an attempt whose options set none.
constexpr Duration kAttemptLimit = 30s;
constexpr size_t kAnswerBytesMax = 1 << 20;
// The shortest pause between two attempts, whatever the options say: an interval of 0 would ask
// the metadata server without end.
constexpr Duration kRetryFloor = 100ms;

metrics::Labels labels_of(const std::string& processor, std::string_view detector,
                          const char* outcome) {
  return {{"processor", processor}, {"detector", std::string(detector)}, {"outcome", outcome}};
}

}  // namespace

System system_of_process() {
  return {.variable = [](const std::string& name) -> std::optional<std::string> {
            const char* const value = std::getenv(name.c_str());
            return value == nullptr ? std::nullopt : std::optional<std::string>(value);
          },
          .read_file = io::read_small_file()};
}

// The world of one detector: its functions suspend the fiber until there is an answer.
class Detection::Run final : World {
 public:
  Run(Detection& owner, const DetectorEntry& entry)
      : owner_(owner),
        entry_(entry),
        timer_(owner.loop_.make_timer([this] { begin(); })),
        limit_timer_(owner.loop_.make_timer([this] { resume(); })) {}
  ~Run() override {
    is_closing_ = true;
    exchange_.reset();
    lookup_.reset();
    while (is_suspended_) resume();
  }

  const Detector& detector() const { return *entry_.detector; }
  // It has a result, or will not be run again before the next refresh.
  bool is_settled() const { return finding_.has_value() || has_given_up_; }
  const std::optional<Finding>& finding() const { return finding_; }
  const std::string& last_error() const { return last_error_; }

  void begin() {
    if (is_running_) return;
    timer_->disarm();
    is_running_ = true;
    const Options& options = *owner_.options_;
    deadline_ = owner_.loop_.now() + (options.timeout > 0s ? options.timeout : kAttemptLimit);
    if (fiber_ == nullptr) fiber_ = io::Fiber::try_make();
    if (fiber_ == nullptr) {
      result_ = fail(Code::kUnavailable, "memory: no room for a stack");
      return end();
    }
    is_suspended_ = !fiber_->start(
        [this] { result_ = detector().detect(entry_.options, static_cast<World&>(*this)); });
    if (!is_suspended_) end();
  }

 private:
  std::optional<std::string> variable(const std::string& name) override {
    return owner_.system_.variable(name);
  }
  std::optional<std::string> read_file(const std::string& path) override {
    return owner_.system_.read_file(path);
  }
  io::SystemName system_name() override { return io::system_name(); }
  Result<std::vector<io::NetworkInterface>> network_interfaces() override {
    return io::network_interfaces();
  }
  Result<std::shared_ptr<io::TlsClientContext>> make_tls(const io::TlsOptions& options) override {
    return io::make_tls_client_context(options);
  }

  Result<std::string> look_up_name(io::NameSource source, const std::string& host) override {
    std::optional<Result<std::string>> got;
    if (!is_closing_) {
      lookup_ = io::look_up_name(owner_.loop_, source, host, [&](Result<std::string> name) {
        got = std::move(name);
        resume();
      });
      wait_until(deadline_);
      lookup_.reset();
    }
    if (got) return std::move(*got);
    return fail(Code::kDeadlineExceeded, "\"" + host + "\" was not found in time");
  }

  Result<transport::WebResponse> ask(transport::WebRequest request, Duration limit) override {
    std::optional<Result<transport::WebResponse>> got;
    if (!is_closing_) {
      request.deadline = std::min(owner_.loop_.now() + limit, deadline_);
      request.budget = &owner_.budget_;
      request.body_bytes_max = kAnswerBytesMax;
      exchange_ = transport::start_web_exchange(owner_.loop_, request,
                                                [&](Result<transport::WebResponse> response) {
                                                  got = std::move(response);
                                                  resume();
                                                });
      wait_until(kNever);
      exchange_.reset();
    }
    if (got) return std::move(*got);
    return fail(Code::kCancelled, "the detection ends");
  }

  // Suspends the fiber until resume() is called, or `limit` has come.
  void wait_until(MonotonicTime limit) {
    if (limit != kNever) limit_timer_->arm_at(limit);
    fiber_->suspend();
    limit_timer_->disarm();
  }

  void resume() {
    is_suspended_ = !fiber_->resume();
    if (!is_suspended_) end();
  }

  void end() {
    is_running_ = false;
    if (is_closing_) return;
    const bool is_found = result_.has_value();
    owner_.metrics_
        .counter("otelcol_resourcedetection_detector_results",
                 "Number of resource detection results, by detector and outcome. [Development]",
                 labels_of(owner_.name_, detector().name, is_found ? "success" : "failure"))
        .add(1);
    if (is_found) {
      finding_ = std::move(*result_);
      failure_count_ = 0;
    } else {
      last_error_ = result_.error().message;
      ++failure_count_;
      retry_later();
    }
    owner_.on_run_ended(*this);
  }

  void retry_later() {
    const RetryOptions& retry = owner_.options_->retry;
    owner_.log_.warn(
        retry.enabled ? "failed to detect resource, will retry" : "failed to detect resource",
        {{"processor", owner_.name_}, {"detector", detector().name}, {"error", last_error_}});
    has_given_up_ = !retry.enabled;
    if (has_given_up_) return;
    const double power = std::pow(retry.multiplier, std::min(failure_count_ - 1, 60));
    const double longest = std::chrono::duration<double>(retry.max_interval).count();
    const double interval =
        std::min(std::chrono::duration<double>(retry.initial_interval).count() * power, longest);
    const double jitter = 1 + retry.randomization_factor * (2 * owner_.loop_.random().unit() - 1);
    const auto wanted =
        std::chrono::duration_cast<Duration>(std::chrono::duration<double>(interval * jitter));
    timer_->arm_at(owner_.loop_.now() + std::max(wanted, kRetryFloor));
  }

  Detection& owner_;
  const DetectorEntry& entry_;
  std::unique_ptr<io::Timer> timer_;  // of the next attempt
  std::unique_ptr<io::Timer> limit_timer_;
  std::unique_ptr<io::Fiber> fiber_;
  std::unique_ptr<transport::WebExchange> exchange_;
  std::unique_ptr<io::NameLookup> lookup_;
  Result<Finding> result_ = Finding{};
  std::optional<Finding> finding_;
  std::string last_error_;
  MonotonicTime deadline_{};  // of the attempt
  int failure_count_ = 0;     // in a row
  bool has_given_up_ = false;
  bool is_running_ = false;
  bool is_suspended_ = false;
  bool is_closing_ = false;
};

Detection::Detection(const DetectionParts& parts, std::shared_ptr<const Options> options,
                     std::shared_ptr<Published> into)
    : name_(parts.name),
      loop_(parts.loop),
      budget_(parts.budget),
      log_(parts.log),
      metrics_(parts.metrics),
      system_(parts.system),
      options_(std::move(options)),
      published_(std::move(into)),
      start_timer_(loop_.make_timer([this] { on_start_limit(); })),
      refresh_timer_(loop_.make_timer([this] { refresh(); })),
      attribute_count_(parts.metrics.gauge(
          "otelcol_resourcedetection_attributes_detected",
          "Number of resource attributes in the currently detected resource. [Development]",
          {{"processor", parts.name}}, [published = published_] {
            const auto resource = published->resource();
            return resource == nullptr ? 0.0 : static_cast<double>(resource->attributes.size());
          })) {
  for (const DetectorEntry& entry : options_->detectors) {
    runs_.push_back(std::make_unique<Run>(*this, entry));
  }
  for (const auto& run : runs_) {
    if (run->detector().is_local) run->begin();
  }
  loop_.post([this, alive = std::weak_ptr<bool>(alive_)] {
    if (!alive.expired()) start_remote();
  });
}

Detection::~Detection() { alive_.reset(); }

void Detection::start_remote() {
  if (!is_start_over_) start_timer_->arm_at(loop_.now() + options_->start_limit());
  if (options_->refresh_interval > 0s) {
    refresh_timer_->arm_at(loop_.now() + options_->refresh_interval);
  }
  for (const auto& run : runs_) {
    if (!run->detector().is_local) run->begin();
  }
}

void Detection::on_run_ended(Run& run) {
  if (run.finding() && !run.finding()->remark.empty()) {
    log_.info("a detector found less than it looks for", {{"processor", name_},
                                                          {"detector", run.detector().name},
                                                          {"reason", run.finding()->remark}});
  }
  if (!is_start_over_ &&
      !std::ranges::all_of(runs_, [](const auto& each) { return each->is_settled(); })) {
    return;
  }
  publish();
}

void Detection::on_start_limit() {
  for (const auto& run : runs_) {
    if (run->finding()) continue;
    log_.warn("a detector has no result within the timeout; data passes without it until it has",
              {{"processor", name_},
               {"detector", run->detector().name},
               {"error", run->last_error().empty() ? "no answer yet" : run->last_error()}});
  }
  publish();
}

void Detection::refresh() {
  refresh_timer_->arm_at(loop_.now() + options_->refresh_interval);
  for (const auto& run : runs_) run->begin();
}

void Detection::publish() {
  is_start_over_ = true;
  start_timer_->disarm();
  Resource merged;
  for (const auto& run : runs_) {
    if (run->finding()) merged.fill_gaps(run->finding()->resource);
  }
  if (last_ && *last_ == merged) return;
  log_.info("detected resource information", {{"processor", name_},
                                              {"attribute_count", merged.attributes.size()},
                                              {"resource", merged.to_text()}});
  last_ = merged;
  published_->publish(std::move(merged));
}

}  // namespace millrace::processors::resourcedetection
