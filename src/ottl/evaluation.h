// Runs compiled statements and conditions on one item. Reads go to the received bytes; changes go
// to the records of the item (record.h).
//
// Errors are texts for error_mode: a condition or statement that fails reports the first one. One
// thread; the records, the scratch and the programs must outlive it. Values have 72 bytes, so what
// runs for each item returns them in place and not inside of an Evaluated.
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

  enum class Verdict : uint8_t { kNo, kYes, kFailed };
  // Whether the condition holds. kFailed: take_error() has the error.
  Verdict decide(const Node& condition);
  // Runs the editor if the statement's condition holds.
  Verdict execute(const CompiledStatement& statement);
  EvaluationError take_error() { return std::exchange(error_, EvaluationError()); }

  Evaluated<bool> test(const CompiledCondition& condition) { return test(condition.condition); }
  Evaluated<bool> test(const Node& condition) { return to_evaluated(decide(condition)); }
  // Whether the statement's condition held, so that its editor ran.
  Evaluated<bool> run(const CompiledStatement& statement) {
    return to_evaluated(execute(statement));
  }

  Evaluated<Value> value_of(const Node& node);
  // The same without a copy of constants; others are put into `room`. Null: take_error() has the
  // error.
  const Value* look_at(const Node& node, Value* room) {
    if (node.is_constant()) return &node.constant;
    const bool is_done = node.op == Node::Op::kPath ? read_path(node, room) : evaluate(node, room);
    return is_done ? room : nullptr;
  }
  const Item& item() const { return item_; }
  Scratch& scratch() { return scratch_; }

  // The value of a path that an editor changes in place: the map, list or value that its keys lead
  // to. Null where there is none.
  Evaluated<Value*> locate(const Node& path, Record::ToMap* to_map);
  Evaluated<void> set(const Node& path, const Value& value);

 private:
  // These return false, or null, after an error, which is kept for take_error().
  bool evaluate(const Node& node, Value* into);
  bool read_path(const Node& path, Value* into);
  bool read_keys(const Node& path, size_t first, Value* value);
  bool make_list(const Node& node, Value* into);
  bool make_map(const Node& node, Value* into);
  bool math(const Node& node, Value* into);
  bool index_result(const Node& call, Value* value);
  const Value* key_of(const Node& key, Value* room);
  Value* step_into(Value* value, const Node& key);
  bool fail(EvaluationError error) {
    error_ = std::move(error);
    return false;
  }
  Value* fail_step(EvaluationError error) {
    error_ = std::move(error);
    return nullptr;
  }
  template <class T>
  bool keep_error(const Evaluated<T>& failed) {
    return fail(failed.error());
  }
  Evaluated<bool> to_evaluated(Verdict verdict) {
    if (verdict == Verdict::kFailed) return error(take_error());
    return verdict == Verdict::kYes;
  }

  Evaluated<void> set_value(const Node& path, const Value& value);
  Evaluated<void> set_trace_state(const Node& path, const Value& value);

  const Item& item_;
  Scratch& scratch_;
  EvaluationError error_;
};

}  // namespace millrace::ottl
