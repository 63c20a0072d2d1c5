// Runs statements on a request without any care for cost: every level is read, and written anew.
#pragma once

#include <algorithm>
#include <deque>
#include <span>
#include <string>
#include <vector>

#include "base/random.h"
#include "base/signal.h"
#include "ottl/evaluation.h"
#include "ottl/record_writer.h"
#include "ottl/wire_values.h"

namespace millrace::ottl::testing {

class NaiveWalk {
 public:
  NaiveWalk(Signal signal, Context context, std::span<const CompiledStatement> statements)
      : signal_(signal), context_(context), statements_(statements) {}

  std::string run(std::string_view request) {
    wire::Writer out;
    wire::FieldReader fields(as_span(request));
    for (wire::Field field; fields.next(&field);) {
      out.string_field(1, walk_resource_x(field.text()));
    }
    return out.to_string();
  }
  // A statement that fails does not stop the others.
  void ignore_errors() { ignores_errors_ = true; }
  // The error of the first statement that failed; nothing else ran afterwards.
  const std::string& error() const { return error_; }

 private:
  static constexpr size_t kMetricsMax = 100;

  // The metrics that statements add stand behind the others.
  class Sink final : public MetricSink {
   public:
    bool add(otlp::MessageBytes metric) override {
      if (metrics.size() == kMetricsMax) return false;
      metrics.emplace_back(as_text(metric));
      return true;
    }
    std::vector<std::string> metrics;
  };

  static std::string merged(std::string_view around, uint32_t number) {
    std::string all;
    otlp::MessageReader reader(as_span(around), number);
    for (otlp::MessageBytes part; reader.next(&part);) all += as_text(part);
    return all;
  }
  static std::string written(const Record& record) {
    if (!record.is_changed()) return std::string(as_text(record.bytes()));
    wire::Writer writer;
    write_record(record, &writer);
    return writer.to_string();
  }

  void enter(Record* record) { item_.records[static_cast<size_t>(record->context())] = record; }

  void visit(Context context) {
    if (context != context_) return;
    Map cache;
    item_.cache = &cache;
    item_.random = &random_;
    Evaluation evaluation(item_, scratch_);
    for (const CompiledStatement& statement : statements_) {
      if (!error_.empty()) return;
      const auto done = evaluation.run(statement);
      if (!done && !ignores_errors_) error_ = done.error();
    }
  }

  std::string walk_resource_x(std::string_view around) {
    const std::string& own = kept_.emplace_back(merged(around, 1));
    Record resource(Context::kResource, as_span(own), as_span(around));
    enter(&resource);
    visit(Context::kResource);
    std::vector<std::string> scopes;
    otlp::MessageReader reader(as_span(around), otlp::kResourceScopes);
    for (otlp::MessageBytes scope; reader.next(&scope);) {
      scopes.push_back(walk_scope_x(as_text(scope)));
    }
    return write_around(resource, scopes);
  }

  std::string walk_scope_x(std::string_view around) {
    const std::string& own = kept_.emplace_back(merged(around, 1));
    Record scope(Context::kScope, as_span(own), as_span(around));
    enter(&scope);
    visit(Context::kScope);
    Sink sink;
    item_.added_metrics = &sink;
    otlp::MessageReader reader(as_span(around), otlp::kScopeItems);
    for (otlp::MessageBytes item; reader.next(&item);) sink.metrics.emplace_back(as_text(item));
    std::vector<std::string> items;
    for (size_t i = 0; i < sink.metrics.size(); i++) {
      const std::string& item = kept_.emplace_back(sink.metrics[i]);
      items.push_back(signal_ == Signal::kMetrics ? walk_metric(item) : walk_item(item));
    }
    return write_around(scope, items);
  }

  // ResourceX and ScopeX have the same shape.
  std::string write_around(const Record& own, const std::vector<std::string>& children) {
    wire::Writer out;
    out.string_field(1, written(own));
    for (const std::string& child : children) out.string_field(2, child);
    const std::string_view schema_url = own.read(Field::kSchemaUrl, scratch_).text;
    if (!schema_url.empty()) out.string_field(3, schema_url);
    return out.to_string();
  }

  std::string walk_item(const std::string& bytes) {
    Record item(signal_ == Signal::kTraces ? Context::kSpan : Context::kLog, as_span(bytes));
    enter(&item);
    visit(item.context());
    if (context_ == Context::kSpanEvent) walk_children(&item, Field::kEvents, Context::kSpanEvent);
    return written(item);
  }

  std::string walk_metric(const std::string& bytes) {
    const otlp::MetricType type = otlp::MetricView::read(Bytes::copy_of(bytes)).type;
    Record metric(Context::kMetric, as_span(bytes), {}, type);
    enter(&metric);
    visit(Context::kMetric);
    if (context_ == Context::kDataPoint) {
      walk_children(&metric, Field::kDataPoints, Context::kDataPoint);
    }
    return written(metric);
  }

  void walk_children(Record* parent, Field field, Context context) {
    const Value messages = parent->read(field, scratch_);
    if (messages.is_nil()) return;
    wire::Writer out;
    bool is_changed = false;
    int64_t index = 0;
    otlp::MessageReader reader(messages.wire, messages.field_number);
    for (otlp::MessageBytes bytes; reader.next(&bytes);) {
      Record child(context, bytes, {}, parent->type(), index++);
      enter(&child);
      visit(context);
      is_changed |= child.is_changed();
      out.string_field(messages.field_number, written(child));
    }
    const bool is_replaced = std::ranges::any_of(
        parent->changes(), [&](const FieldChange& change) { return change.field == field; });
    if (!is_changed || is_replaced) return;
    Value changed = messages;
    changed.wire = as_span(scratch_.keep(out.to_string()));
    parent->write(field, changed, scratch_);
  }

  const Signal signal_;
  const Context context_;
  std::span<const CompiledStatement> statements_;
  Scratch scratch_;
  std::deque<std::string> kept_;  // what changes of messages around an item may refer to
  Random random_{1};
  Item item_;
  bool ignores_errors_ = false;
  std::string error_;
};

}  // namespace millrace::ottl::testing
