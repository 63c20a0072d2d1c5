// Which records of a request are compared: those for which a condition holds. Belongs to one
// request.
#pragma once

#include <vector>

#include "base/log.h"
#include "ottl/walk.h"
#include "rules/condition_run.h"

namespace millrace::processors::logdedup {

class Selection final : public ottl::Visitor {
 public:
  // All of them must outlive it. A failure is logged once; the record then passes, as in otelcol.
  Selection(rules::ConditionRun& conditions, Logger& log, std::string_view processor)
      : conditions_(conditions), log_(log), processor_(processor) {}

  ottl::Fate visit(ottl::Context context, ottl::Item& item, ottl::Scratch& scratch) override;
  // By the order of the records in the request.
  const std::vector<bool>& selected() const { return selected_; }

 private:
  rules::ConditionRun& conditions_;
  Logger& log_;
  const std::string_view processor_;
  std::vector<bool> selected_;
  bool has_failed_ = false;
};

}  // namespace millrace::processors::logdedup
