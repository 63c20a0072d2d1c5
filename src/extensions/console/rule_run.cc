#include "extensions/console/rule_run.h"

#include <algorithm>

#include "extensions/console/item_changes.h"
#include "memory/work.h"
#include "otlp/item_count.h"

namespace millrace::extensions::console {
namespace {

ItemFields fields_of_first(Signal signal, const Bytes& request) {
  const ItemList list(request);
  if (list.items.empty()) return {};
  const ItemList::Item& item = list.items.front();
  return fields_of_item(signal, list.resource_of(item), list.scope_of(item), item.bytes);
}

}  // namespace

pipeline::Processor& RuleRun::first(size_t count) {
  while (processors_.size() < count) processors_.push_back(steps_.make(processors_.size() + 1));
  return *processors_[count - 1];
}

RuleRun::Explanation RuleRun::explain(Signal signal, const std::string& request,
                                      const MetadataRef& metadata) {
  Explanation explanation;
  const Bytes received = Bytes::copy_of(request);
  Bytes last = received;
  for (size_t rule = 0; rule < std::min(steps_.texts.size(), kRulesMax); ++rule) {
    pipeline::Payload payload{.signal = signal,
                              .item_count = otlp::count_items(signal, Rope(received), nullptr),
                              .bytes = Rope(received),
                              .metadata = metadata,
                              .completion = nullptr,
                              .admitted_at = {}};
    Pace pace;
    Work work{pool_, pace};
    const auto done = first(rule + 1).process(payload, work);
    const Bytes now = done ? payload.bytes.to_bytes() : Bytes();
    if (!done || payload.item_count == 0) {
      explanation.rules.push_back(rule);
      break;
    }
    if (now.text() == last.text()) continue;
    explanation.rules.push_back(rule);
    for (const FieldChange& change :
         compare(fields_of_first(signal, last), fields_of_first(signal, now))) {
      if (change.change != Change::kSame) explanation.rule_of[change.path] = rule;
    }
    last = now;
  }
  return explanation;
}

}  // namespace millrace::extensions::console
