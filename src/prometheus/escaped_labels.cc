#include "prometheus/escaped_labels.h"

namespace millrace::prometheus {

std::string_view EscapedLabels::of(std::string_view labels) {
  builder_.begin(MetricKind::kGauge);
  LabelReader reader(labels);
  std::string_view name;
  std::string_view value;
  while (reader.next(&name, &value)) {
    const std::string escaped = escape_label_name(name, escaping_);
    // "..name.." must not rename the metric.
    builder_.add_named(escaped == "__name__" ? "_name_" : escaped, name, value);
  }
  text_.clear();
  builder_.append_to(text_);
  return text_;
}

}  // namespace millrace::prometheus
