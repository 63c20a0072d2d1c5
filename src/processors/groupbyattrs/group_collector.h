// Finds the groups of one request.
#pragma once

#include <map>
#include <string>
#include <unordered_map>

#include "base/signal.h"
#include "processors/groupbyattrs/group_key.h"
#include "processors/groupbyattrs/group_memory.h"
#include "processors/groupbyattrs/groups.h"

namespace millrace::processors::groupbyattrs {

class GroupCollector {
 public:
  GroupCollector(const Options& options, Signal signal, Work& work)
      : options_(options),
        signal_(signal),
        work_(work),
        memory_(work),
        key_maker_(work),
        list_(work) {}

  // The message in one piece.
  void collect_resource_x(const Bytes& resource_x);

  bool failed() const { return memory_.failure() || list_.failed(); }
  // Precondition: failed().
  const Error& failure() const { return memory_.failure() ? *memory_.failure() : *list_.failure(); }
  const Groups& groups() const { return groups_; }

 private:
  struct KeyHash {
    size_t operator()(const GroupKey& key) const;
  };

  otlp::ReadBounds bounds() const { return {.pace = &work_.pace}; }
  template <class IsPart>
  bool charge_parts(otlp::MessageBytes message, const IsPart& is_part);
  void collect_metrics(const otlp::ScopeView& scope);
  void collect_items(const otlp::ScopeView& scope, const otlp::MetricView* metric,
                     otlp::MessageBytes holder, uint32_t items_field, uint32_t attributes_field);
  bool read_values(otlp::MessageBytes item, uint32_t attributes_field);
  uint32_t find_group(otlp::MessageBytes item, uint32_t attributes_field);
  uint32_t find_scope(uint32_t group, const otlp::ScopeView& scope);
  uint32_t find_leaf(uint32_t scope, const otlp::MetricView* metric);
  void add_item(uint32_t leaf, otlp::MessageBytes whole, bool loses_attributes);

  const Options& options_;
  const Signal signal_;
  Work& work_;
  GroupMemory memory_;
  GroupKeyMaker key_maker_;
  otlp::AttributeList list_;
  Groups groups_;
  std::unordered_map<GroupKey, uint32_t, KeyHash> groups_by_key_;
  // Ordered, because a sender chooses the keys.
  std::map<std::string, uint32_t> scopes_by_name_;  // group, name and version
  std::map<std::string, uint32_t> leaves_by_name_;  // scope, type and name of a metric
  // Of the current ResourceX, ScopeX, and Metric or ScopeX.
  otlp::ResourceView resource_;
  std::map<std::string, uint32_t> group_of_values_;
  std::unordered_map<uint32_t, uint32_t> scope_of_group_;
  std::unordered_map<uint32_t, uint32_t> leaf_of_scope_;
  std::string values_;
};

}  // namespace millrace::processors::groupbyattrs
