// Runs the rules of a processor one by one on an item that passed it, to say which rule changed
// what. It is a second run: a rule that reads the clock or draws a number may write another value
// than in the request, but the same field.
//
// Bounded: the first kRulesMax rules. On the console's loop.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/metadata.h"
#include "base/signal.h"
#include "extensions/console/item_fields.h"
#include "memory/chunk_pool.h"
#include "pipeline/rule_steps.h"

namespace millrace::extensions::console {

class RuleRun {
 public:
  static constexpr size_t kRulesMax = 100;
  // `steps` and `pool` outlive it.
  RuleRun(const pipeline::RuleSteps& steps, ChunkPool& pool) : steps_(steps), pool_(pool) {}

  struct Explanation {
    std::vector<size_t> rules;              // those that changed or removed the item, from 0
    std::map<std::string, size_t> rule_of;  // by path: the last rule that changed the field
  };
  // `request`: with the item alone.
  Explanation explain(Signal signal, const std::string& request, const MetadataRef& metadata);

 private:
  pipeline::Processor& first(size_t count);

  const pipeline::RuleSteps& steps_;
  ChunkPool& pool_;
  std::vector<std::unique_ptr<pipeline::Processor>> processors_;
};

}  // namespace millrace::extensions::console
