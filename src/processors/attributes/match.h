// `include` and `exclude`: does an item have the properties? Cost grows with the lists that are not
// empty. What is the same for all items of a resource, a scope or a metric is found out once.
#pragma once

#include <cstdint>

#include "otlp/edit.h"
#include "processors/attributes/options.h"

namespace millrace::processors::attributes {

// One for each piece of work; the properties outlive it.
class Matcher {
 public:
  explicit Matcher(const MatchProperties& properties) : properties_(properties) {}

  // Where a value would have to be copied and the budget refuses, the list has failed afterwards.
  bool matches(const otlp::EditContext& context, otlp::AttributeList& attributes);

 private:
  // The answer for the resource, scope or metric of that number; 0: of none yet.
  struct Remembered {
    uint64_t number = 0;
    bool matches = false;
  };
  bool matches_surroundings(const otlp::EditContext& context, otlp::AttributeList& attributes);

  const MatchProperties& properties_;
  Remembered resource_;
  Remembered scope_;
  Remembered metric_;
};

}  // namespace millrace::processors::attributes
