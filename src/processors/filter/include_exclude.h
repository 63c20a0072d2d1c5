// otelcol's older way to say what is kept: `include` and `exclude` by names, attributes and
// severity. What does not match `include`, or matches `exclude`, is removed.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/signal.h"
#include "config/section.h"
#include "item_match/matcher.h"
#include "item_match/properties.h"
#include "ottl/walk.h"

namespace millrace::processors::filter {

// Of spans and log records `items`. Of metrics the names in `items` and, each by itself, the
// attributes of the resource.
struct IncludeExclude {
  item_match::MatchConfig items;
  std::optional<std::vector<item_match::AttributeMatcher>> include_resources;
  std::optional<std::vector<item_match::AttributeMatcher>> exclude_resources;

  // The contexts in which something can be removed; 0: nothing is configured.
  ottl::ContextSet visited(Signal signal) const;
};

// The keys `include` and `exclude` of `metrics:` and `logs:`. Those of `spans:` are
// item_match::read_match_config(). Returns whether one is present.
bool read_metric_matches(config::Section& section, IncludeExclude* into);
bool read_log_matches(config::Section& section, IncludeExclude* into);

// Runs them on the messages of one request.
class IncludeExcludeRun final : public ottl::Visitor {
 public:
  IncludeExcludeRun(const IncludeExclude& rules, Signal signal, Work& work);
  ottl::Fate visit(ottl::Context context, ottl::Item& item, ottl::Scratch& scratch) override;
  Error failure() override { return failure_; }

 private:
  ottl::Fate visit_resource(const ottl::Record& resource);
  ottl::Fate select();

  const IncludeExclude& rules_;
  Work& work_;
  item_match::Selector selector_;
  otlp::EditContext context_;
  otlp::ResourceView resource_;
  otlp::ScopeView scope_;
  Error failure_;
};

}  // namespace millrace::processors::filter
