// Runs compiled statements and conditions on one item. Reads go to the received bytes; changes go
// to the records of the item (record.h).
//
// Errors are texts for error_mode: a condition or statement that fails reports the first one. One
// thread; the records, the scratch and the programs must outlive it.
#pragma once

#include <array>
#include <expected>
#include <string>
#include <utility>

#include "base/pace.h"
#include "base/random.h"
#include "ottl/program.h"
#include "ottl/record.h"

namespace millrace::ottl {

// Takes the content of Metric messages that stand behind the metrics of the scope from then on.
class MetricSink {
 public:
  virtual ~MetricSink() = default;
  // Copies the message. False: there is no room for it.
  virtual bool add(otlp::MessageBytes metric) = 0;
};

// The records around an item, by context; null where the item has none.
struct Item {
  std::array<Record*, kContextCount> records = {};
  Map* cache = nullptr;       // made by the caller; lives as long as the item
  int64_t now_unix_nano = 0;  // for Now(), and for times without a year
  Random* random = nullptr;   // for UUID() and the like; null: they fail
  Pace* pace = nullptr;       // told of each data point that an editor rewrites; may be null
  // Takes the metrics that editors add to the scope; null: these editors fail.
  MetricSink* added_metrics = nullptr;

  Record& at(Context context) const { return *records[static_cast<size_t>(context)]; }
};

using EvaluationError = std::string;
// The result of a function that fails.
inline std::unexpected<EvaluationError> error(std::string text) {
  return std::unexpected(std::move(text));
}

class Evaluation {
 public:
  Evaluation(const Item& item, Scratch& scratch) : item_(item), scratch_(scratch) {}

  Evaluated<bool> test(const CompiledCondition& condition) { return test(condition.condition); }
  // Whether the statement's condition held, so that its editor ran.
  Evaluated<bool> run(const CompiledStatement& statement);

  Evaluated<Value> value_of(const Node& node);
  Evaluated<bool> test(const Node& node);
  const Item& item() const { return item_; }
  Scratch& scratch() { return scratch_; }

  // The value of a path that an editor changes in place: the map, list or value that its keys lead
  // to. Null where there is none.
  Evaluated<Value*> locate(const Node& path, Record::ToMap* to_map);
  Evaluated<void> set(const Node& path, const Value& value);

 private:
  Evaluated<void> set_trace_state(const Node& path, const Value& value);
  Evaluated<Value> read_path(const Node& path);
  Evaluated<Value> read_keys(const Node& path, size_t first, Value value);
  Evaluated<Value> math(const Node& node);
  Evaluated<Value> make_list(const Node& node);
  Evaluated<Value> make_map(const Node& node);
  Evaluated<Value> index_result(Value value, const Node& call);
  // A value, which is not copied where it is a constant; others are put into `room`.
  Evaluated<const Value*> operand(const Node& node, Value* room);
  Evaluated<const Value*> key_of(const Node& key, Value* room);
  Evaluated<Value*> step_into(Value* value, const Node& key);

  const Item& item_;
  Scratch& scratch_;
};

}  // namespace millrace::ottl
