// The labels of a series from everything around a point: its attributes, the scope, the resource,
// and the configuration. Made once for a new series; for the others a hash of the same things leads
// to it.
//
// One thread; reused from series to series.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "otlp/views.h"
#include "prometheus/labels.h"
#include "prometheus/names.h"
#include "prometheus_series/key_hash.h"

namespace millrace::exporters {

// What otelcol's two exporters do differently.
enum class LabelRules : uint8_t {
  kPull,
  // A label with an empty value is left out, a scope has no schema_url, and target_info has the
  // constant labels too.
  kRemoteWrite,
};

struct LabelOptions {
  // With the names as they are shown; labels of a point go before.
  std::vector<std::pair<std::string, std::string>> const_labels = {};
  // Attributes of the resource that every point gets: patterns of their keys with '*' and '?'.
  std::vector<std::string> resource_included = {};
  std::vector<std::string> resource_excluded = {};
  bool scope_labels = true;
  LabelRules rules = LabelRules::kPull;
};

// The part of a resource that labels are made of. Views of its bytes.
struct ResourceLabels {
  otlp::MessageBytes resource;
  std::string job;          // empty: none
  std::string instance;     // empty: none
  KeyHash key;              // of all that the labels of a series take from it
  bool has_others = false;  // attributes beside those of job and instance
  bool has_target() const { return !job.empty() && !instance.empty(); }
};

class SeriesLabels {
 public:
  // Both outlive this.
  SeriesLabels(const prometheus::Namer& namer, const LabelOptions& options)
      : options_(options), builder_(namer) {}

  ResourceLabels read_resource(otlp::MessageBytes resource, const KeyHasher& hasher) const;
  // The key of a scope, to be joined with the resource's.
  KeyHash scope_key(const otlp::ScopeView& scope, const KeyHasher& hasher) const;

  struct Around {
    const ResourceLabels& resource;
    const otlp::ScopeView& scope;
  };
  // The text of the labels; nothing: an attribute has no label. Holds until the next call.
  std::optional<std::string_view> of_point(prometheus::MetricKind kind, const Around& around,
                                           otlp::MessageBytes point, uint32_t attributes_field);
  // Those of target_info: the attributes of the resource that are not job and instance. Attributes
  // without a label are left out. Holds until the next call.
  std::string_view of_target(const ResourceLabels& resource);

 private:
  bool is_copied(std::string_view key) const;
  template <class Visit>
  void each_attribute(otlp::MessageBytes message, uint32_t number, const Visit& visit) const;
  void add_resource(const ResourceLabels& resource);
  void add_identity(const ResourceLabels& resource);
  void add_scope(const otlp::ScopeView& scope);
  void add_constant();
  std::string_view finish();

  const LabelOptions& options_;
  prometheus::LabelBuilder builder_;
  std::string text_;
};

}  // namespace millrace::exporters
