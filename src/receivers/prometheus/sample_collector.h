// From the samples of a body to the points of a batch: labels, families, resources and scopes.
// Belongs to one scrape; one thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "receivers/prometheus/exposition.h"
#include "receivers/prometheus/family_table.h"
#include "receivers/prometheus/point_groups.h"
#include "receivers/prometheus/scrape_batch.h"
#include "receivers/prometheus/scrape_rules.h"

namespace millrace::receivers::prometheus {

struct SampleContext {
  const ScrapeRules& rules;
  const LabelList& target_labels;  // job, instance and those of the configuration
  int64_t time_ms = 0;             // of the scrape
};

class SampleCollector final : public ExpositionSink {
 public:
  // `recorder` hears of every sample; null: none does.
  SampleCollector(const SampleContext& context, ScrapeBatch& batch, ReplayRecorder* recorder);

  void on_type(std::string_view family, MetricType type) override;
  void on_help(std::string_view family, std::string_view help) override;
  void on_unit(std::string_view family, std::string_view unit) override;
  Status on_sample(Sample& sample) override;
  // The body has ended.
  Status finish();

  // A sample of the scrape itself ("up"), with the target's labels. After finish().
  Status add_report(std::string_view name, std::string_view help, std::string_view unit,
                    double value);

  size_t scraped_count() const { return scraped_count_; }
  size_t kept_count() const { return kept_count_; }
  // Points that could not be made, and samples with a time in the future.
  size_t left_out_count() const { return left_out_count_ + groups_.incomplete_count(); }
  // A hash for each kept sample without a time of its own.
  std::vector<uint64_t> take_series() { return std::move(series_); }

  // Attributes that target_info and otel_scope_info gave.
  const LabelList& target_info(uint32_t resource) const;
  LabelList scope_info(const ScopeKey& key) const;
  MetricText text_of(const MetricKey& key) const;

 private:
  Status add_point(const Sample& sample);
  Status add_number(const Sample& sample, uint32_t metric, PointKind kind);
  Status add_native(const Sample& sample, uint32_t metric);
  std::optional<uint32_t> resource_of(const LabelSet& labels);
  std::optional<uint32_t> scope_of(const LabelSet& labels);
  std::optional<uint32_t> scope_without_labels(const LabelSet& labels);
  Status take_info(const LabelSet& labels, bool is_target);

  // The number of the last sample, while it is recorded.
  std::optional<uint32_t> sample_number() const {
    return recorder_ == nullptr ? std::nullopt : recorder_->sample();
  }

  const SampleContext context_;
  ScrapeBatch& batch_;
  ReplayRecorder* const recorder_;
  FamilyTable families_;
  PointGroups groups_;
  std::string group_family_;  // of what groups_ collects
  wire::Writer writer_;
  // The metric of the last sample: families stand together.
  MetricKey last_key_;
  uint32_t last_metric_ = 0;
  bool has_last_ = false;
  std::string job_;  // of the target
  std::string instance_;
  // Of the last sample without labels of a scope.
  ResourceKey last_resource_;
  std::optional<uint32_t> last_scope_;
  std::map<uint32_t, LabelList> target_info_;  // by resource
  std::map<ScopeKey, LabelList> scope_info_;
  std::vector<uint64_t> series_;
  size_t scraped_count_ = 0;
  size_t kept_count_ = 0;
  size_t left_out_count_ = 0;
};

}  // namespace millrace::receivers::prometheus
