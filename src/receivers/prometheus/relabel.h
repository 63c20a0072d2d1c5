// Relabelling as Prometheus does it (relabel_config): rules that keep, drop and rewrite the labels
// of a target or of a sample. Regular expressions are RE2, match whole texts, and '.' matches the
// end of a line.
//
// Threads: rules are immutable and shared by all workers. Cost: a match and at most a few short
// texts for each rule.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "receivers/prometheus/labels.h"

namespace re2 {
class RE2;
}  // namespace re2

namespace millrace::receivers::prometheus {

enum class RelabelAction : uint8_t {
  kReplace,
  kKeep,
  kDrop,
  kKeepEqual,
  kDropEqual,
  kHashMod,
  kLabelMap,
  kLabelDrop,
  kLabelKeep,
  kLowercase,
  kUppercase,
};

// As it is configured; the defaults are Prometheus's.
struct RelabelOptions {
  RelabelAction action = RelabelAction::kReplace;
  std::vector<std::string> source_labels = {};
  std::string separator = ";";
  std::string regex = "(.*)";
  uint64_t modulus = 0;
  std::string target_label = {};
  std::string replacement = "$1";
};

class RelabelRule {
 public:
  enum class Outcome : uint8_t {
    kKept,
    kDropped,
    kTooLong,  // a label would pass kTextBytesMax
  };
  // Rules can double a text each; this ends it.
  static constexpr size_t kTextBytesMax = 1 << 20;

  // Error: the expression is not one.
  static Result<RelabelRule> make(RelabelOptions options);
  Outcome apply(LabelSet& labels) const;

 private:
  explicit RelabelRule(RelabelOptions options) : options_(std::move(options)) {}
  Outcome replace(std::string_view value, LabelSet& labels) const;
  Outcome map_names(LabelSet& labels) const;
  bool matches(std::string_view text) const;

  RelabelOptions options_;
  std::shared_ptr<const re2::RE2> regex_;  // shared: rules are copied with their options
};

// All of them in order, until one drops.
RelabelRule::Outcome relabel(std::span<const RelabelRule> rules, LabelSet& labels);

}  // namespace millrace::receivers::prometheus
