#include "prometheus/escaped_labels.h"

namespace millrace::prometheus {

std::string_view EscapedLabels::of(std::string_view labels) {
  builder_.begin(MetricKind::kGauge);
  LabelReader reader(labels);
  std::string_view name;
  std::string_view value;
  while (reader.next(&name, &value)) {
    builder_.add_named(escape_label_name(name, escaping_), name, value);
  }
  text_.clear();
  builder_.append_to(text_);
  return text_;
}

}  // namespace millrace::prometheus
