// Which exemplar is written with which bucket of a histogram. One thread.
#pragma once

#include <vector>

#include "prometheus/model.h"

namespace millrace::prometheus {

class BucketExemplars {
 public:
  // One for each bound and one for +Inf; null: none. Empty when the histogram has no exemplars.
  // Valid until the next call.
  const std::vector<const Exemplar*>& of(const HistogramValue& value);

 private:
  std::vector<const Exemplar*> of_bucket_;
};

}  // namespace millrace::prometheus
