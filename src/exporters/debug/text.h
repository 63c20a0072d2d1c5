// The debug exporter's text of one batch, made piece by piece: a batch of megabytes would be a
// text of gigabytes. One thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/signal.h"
#include "exporters/debug/options.h"
#include "exporters/debug/printer.h"
#include "exporters/debug/request_walk.h"
#include "otlp/views.h"

namespace millrace::exporters {

class BatchText {
 public:
  // A piece ends with the item (or data point) that passes this size.
  static constexpr size_t kPieceBytes = size_t{64} << 10;
  // No piece is larger: the last line of the last item may hold four values (two of an attribute, a
  // name, a unit), and an escape is six times as long as what it stands for.
  static constexpr size_t kPieceBytesMax =
      kPieceBytes + Printer::kItemTextMax + 4 * 6 * Printer::kValueBytesMax;

  // kNormal: one line for each resource, scope and item: name or body, ids, values, attributes.
  // kDetailed: everything, as otelcol lays it out. Precondition: the request passed admission.
  // `work` must outlive this.
  BatchText(Signal signal, Rope request, Verbosity verbosity, Work& work,
            ControlCharacters control_characters = ControlCharacters::kEscaped);
  // The next piece, of whole lines; empty when there is no more. The pace of `work` may suspend the
  // caller.
  std::string next();

 private:
  bool step();
  void print_resource();
  void print_unreadable_resource();
  void print_scope();
  void begin_item();
  void print_point(otlp::MessageBytes point);

  const Signal signal_;
  const bool is_detailed_;
  RequestWalk walk_;
  Printer out_;
  size_t resource_index_ = 0;
  size_t scope_index_ = 0;
  size_t item_index_ = 0;
  // The metric whose data points are being printed.
  struct Metric {
    otlp::MetricView view;
    otlp::MessageReader points;
    size_t point_index = 0;
  };
  std::optional<Metric> metric_;
};

// The whole text at once, for tests.
std::string to_text(Signal signal, const Rope& request, Verbosity verbosity,
                    ControlCharacters control_characters = ControlCharacters::kEscaped);

// The layouts (detailed_text.cc, normal_text.cc). Each prints one message; a metric is its head,
// then one call for each data point.
namespace detailed {
void print_resource(Printer& out, Signal signal, size_t index, const otlp::ResourceView& resource);
void print_scope(Printer& out, Signal signal, size_t index, const otlp::ScopeView& scope);
void print_item(Printer& out, Signal signal, size_t index, otlp::MessageBytes item);
void print_metric(Printer& out, size_t index, const otlp::MetricView& metric);
void print_point(Printer& out, const otlp::MetricView& metric, size_t index,
                 otlp::MessageBytes point);
}  // namespace detailed
namespace normal {
void print_resource(Printer& out, Signal signal, size_t index, const otlp::ResourceView& resource);
void print_scope(Printer& out, Signal signal, size_t index, const otlp::ScopeView& scope);
void print_item(Printer& out, Signal signal, otlp::MessageBytes item);
void print_point(Printer& out, const otlp::MetricView& metric, otlp::MessageBytes point);
}  // namespace normal

}  // namespace millrace::exporters
