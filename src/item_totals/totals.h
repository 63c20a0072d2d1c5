// Adds up the items of one batch and writes the totals as a metrics request: for each resource with
// a total its attributes, and a monotonic delta sum for each metric. One thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "base/log.h"
#include "base/random.h"
#include "base/result.h"
#include "base/time.h"
#include "item_identity/identity.h"
#include "item_totals/options.h"
#include "memory/work.h"
#include "ottl/evaluation.h"
#include "pipeline/batch_converter.h"

namespace millrace::item_totals {

// An item that meets the conditions of a total. The functions find an attribute of the item, its
// scope or its resource: the content of its AnyValue, and data() == nullptr without one.
class MatchedItem {
 public:
  MatchedItem(ottl::Context context, const ottl::Item& item) : context_(context), item_(item) {}
  otlp::MessageBytes own_attribute(std::string_view key) const;
  otlp::MessageBytes scope_attribute(std::string_view key) const;
  otlp::MessageBytes resource_attribute(std::string_view key) const;

 private:
  const ottl::Context context_;
  const ottl::Item& item_;
};

// In Unix nanoseconds; 0: none.
struct Times {
  uint64_t first = 0;
  uint64_t last = 0;
  void include(uint64_t time);
};

using Number = std::variant<int64_t, double>;

// What one connector decides. Pure functions, any thread.
class Rules {
 public:
  virtual std::string_view scope_name() const = 0;
  // The value of an attribute that tells points apart, content of an AnyValue; data() == nullptr:
  // the item is left out. `room` is for a value that is made.
  virtual otlp::MessageBytes value(const MatchedItem& item, const TotalAttribute& attribute,
                                   std::string& room) const = 0;
  virtual Number zero() const = 0;
  virtual void add(const MatchedItem& item, const Total& total, Number& sum) const = 0;
  // Start and time of the points of a metric; `of_items`: of the items of the resource.
  virtual Times times_of_points(const Times& of_items, uint64_t now) const = 0;

 protected:
  ~Rules() = default;
};

struct TotalingParts {
  const Options& options;
  const Rules& rules;
  item_identity::Identity seed;
  Random& random;
  Logger& log;  // of conditions that fail, which count as not met
};

// Errors: kUnavailable and kResourceExhausted, as of otlp/edit.h.
Result<pipeline::Converted> total_items(const TotalingParts& parts, Signal signal,
                                        const Rope& batch, WallTime now, Work& work);

}  // namespace millrace::item_totals
