// Which metrics and points a transform is for, and the names that it makes. Pure functions.
#pragma once

#include <string>
#include <string_view>

#include "ottl/record.h"
#include "processors/metricstransform/options.h"

namespace millrace::processors::metricstransform {

bool matches_name(const Transform& transform, std::string_view name);
// By the labels alone.
bool matches_point(const Transform& transform, const ottl::Record& point, ottl::Scratch& scratch);

struct PointMatches {
  size_t matched = 0;
  size_t all = 0;
  // A metric without points matches.
  bool any() const { return matched > 0 || all == 0; }
  bool is_complete() const { return matched == all; }
};
PointMatches match_points(const Transform& transform, const ottl::Record& metric,
                          ottl::Scratch& scratch);

// The name that a metric called `name` gets. Precondition: new_name is not empty.
std::string new_name_of(const Transform& transform, std::string_view name);

// The labels that the groups of the pattern give to the points of a metric that is combined: the
// name of the group, or "$1", and what it matched.
std::vector<std::pair<std::string, std::string>> submatches(const Transform& transform,
                                                            std::string_view name);

}  // namespace millrace::processors::metricstransform
