#include "assembly/redaction_rules.h"

namespace millrace::assembly {
namespace {

// FNV-1a over texts, each with its end, and numbers.
class RuleHash {
 public:
  void add(std::string_view text) {
    for (const char c : text) add_byte(static_cast<uint8_t>(c));
    add_byte(0);
  }
  void add(uint64_t number) {
    for (int shift = 0; shift < 64; shift += 8) add_byte(static_cast<uint8_t>(number >> shift));
  }
  void add(const yaml::Node& node) {
    add(static_cast<uint64_t>(node.kind));
    add(node.scalar);
    add(node.sequence.size());
    for (const yaml::Node& element : node.sequence) add(element);
    add(node.mapping.size());
    for (const yaml::Node::Entry& entry : node.mapping) {
      add(entry.key);
      add(entry.value);
    }
  }
  uint64_t value() const { return value_ == 0 ? 1 : value_; }

 private:
  void add_byte(uint8_t byte) { value_ = (value_ ^ byte) * 0x100000001b3; }
  uint64_t value_ = 0xcbf29ce484222325;
};

}  // namespace

uint64_t hash_of_rules(std::string_view type, const yaml::Node& node) {
  if (type != "redaction") return 0;
  RuleHash hash;
  hash.add(node);
  return hash.value();
}

uint64_t hash_of_redaction(const Plan& plan) {
  RuleHash hash;
  bool is_any = false;
  for (const PipelinePlan& pipeline : plan.pipelines) {
    for (const size_t index : pipeline.processors) {
      const uint64_t rules = plan.processors[index].rules_hash;
      if (rules == 0) continue;
      is_any = true;
      hash.add(pipeline.id);
      hash.add(rules);
    }
  }
  return is_any ? hash.value() : 0;
}

}  // namespace millrace::assembly
