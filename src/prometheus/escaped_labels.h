// The labels of a series for a scraper that does not read UTF-8 names. One thread.
#pragma once

#include <string>
#include <string_view>

#include "prometheus/escaping.h"
#include "prometheus/labels.h"

namespace millrace::prometheus {

class EscapedLabels {
 public:
  explicit EscapedLabels(Escaping escaping) : escaping_(escaping) {}

  // The text with escaped names, sorted; valid until the next call. Names that have become equal
  // are joined as LabelBuilder joins them: a scraper refuses the whole page for a repeated name.
  std::string_view of(std::string_view labels);

 private:
  const Escaping escaping_;
  const Namer namer_{Strategy::kNoTranslation};  // not used: the names are given
  LabelBuilder builder_{namer_};
  std::string text_;
};

}  // namespace millrace::prometheus
