#include <limits>
#include <utility>

#include "exporters/debug/text.h"

namespace millrace::exporters {

using otlp::MessageBytes;

BatchText::BatchText(Signal signal, Rope request, Verbosity verbosity, Work& work,
                     ControlCharacters control_characters)
    : signal_(signal),
      is_detailed_(verbosity == Verbosity::kDetailed),
      walk_(std::move(request), RequestWalk::Depth::kItems, work),
      out_(control_characters, work.pace) {}

std::string BatchText::next() {
  out_.text().clear();
  while (out_.text().size() < kPieceBytes) {
    out_.begin_item();
    if (!step()) break;
    out_.end_item();
  }
  return std::exchange(out_.text(), {});
}

// Prints one message; false: there is none.
bool BatchText::step() {
  if (metric_) {
    MessageBytes point;
    if (metric_->points.next(&point)) {
      print_point(point);
      return true;
    }
    metric_.reset();
  }
  switch (walk_.next()) {
    case RequestWalk::Step::kResource:
      print_resource();
      return true;
    case RequestWalk::Step::kUnreadableResource:
      print_unreadable_resource();
      return true;
    case RequestWalk::Step::kScope:
      print_scope();
      return true;
    case RequestWalk::Step::kItem:
      begin_item();
      return true;
    case RequestWalk::Step::kEnd:
      break;
  }
  return false;
}

void BatchText::print_resource() {
  const size_t index = resource_index_++;
  scope_index_ = 0;
  if (is_detailed_) return detailed::print_resource(out_, signal_, index, walk_.resource());
  normal::print_resource(out_, signal_, index, walk_.resource());
}

void BatchText::print_unreadable_resource() {
  out_.line("Resource #{} of {} bytes is not shown: there is no memory for a copy of it",
            resource_index_++, walk_.unreadable_bytes());
}

void BatchText::print_scope() {
  const size_t index = scope_index_++;
  item_index_ = 0;
  if (is_detailed_) return detailed::print_scope(out_, signal_, index, walk_.scope());
  normal::print_scope(out_, signal_, index, walk_.scope());
}

void BatchText::begin_item() {
  const size_t index = item_index_++;
  const MessageBytes item = walk_.item();
  if (signal_ == Signal::kMetrics) {
    const Bytes& scope = walk_.scope().bytes;
    const auto offset = static_cast<size_t>(item.data() - scope.data());
    auto metric = otlp::MetricView::read(scope.slice(offset, item.size()), walk_.bounds());
    const Bytes data = metric.data;  // keeps what the reader reads
    metric_.emplace(Metric{std::move(metric), {data.view(), otlp::kDataPoints, out_.pace()}});
    if (is_detailed_) detailed::print_metric(out_, index, metric_->view);
    return;
  }
  if (is_detailed_) return detailed::print_item(out_, signal_, index, item);
  normal::print_item(out_, signal_, item);
}

void BatchText::print_point(MessageBytes point) {
  const size_t index = metric_->point_index++;
  if (is_detailed_) return detailed::print_point(out_, metric_->view, index, point);
  normal::print_point(out_, metric_->view, point);
}

std::string to_text(Signal signal, const Rope& request, Verbosity verbosity,
                    ControlCharacters control_characters) {
  Budget budget(std::numeric_limits<size_t>::max() / 2);
  ChunkPool pool(budget, 0);
  Pace pace;
  Work work{pool, pace};
  BatchText text(signal, request, verbosity, work, control_characters);
  std::string all;
  for (std::string piece = text.next(); !piece.empty(); piece = text.next()) all += piece;
  return all;
}

}  // namespace millrace::exporters
