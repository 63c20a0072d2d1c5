// A store that takes requests and shows pages, for tests.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/check.h"
#include "exporters/prometheus/intake.h"
#include "exporters/prometheus/page_reader.h"
#include "memory/budget.h"
#include "prometheus/exposition.h"
#include "prometheus_series/testing/otlp_text.h"

namespace millrace::exporters::testing {

// A store with its intake; scope labels are off.
class Shown {
 public:
  explicit Shown(
      prometheus::Strategy strategy = prometheus::Strategy::kUnderscoreEscapingWithSuffixes,
      std::string_view metric_namespace = {}, LabelOptions options = {.scope_labels = false},
      size_t bytes_max = size_t{16} << 20)
      : namer_(strategy, metric_namespace),
        options_(std::move(options)),
        store(budget, KeyHasher(1, 2),
              {.bytes_max = bytes_max, .expiration = 5min, .keeps_utf8 = namer_.keeps_utf8()}),
        intake_(store, namer_, options_) {}

  TakenPoints take(const Rope& points) {
    Pace pace;
    taken = intake_.take(points, now, pace);
    return taken;
  }
  Shown& send(const std::vector<std::string>& metrics, const Attributes& resource = {},
              std::string_view scope_name = {}) {
    take(request(metrics, resource, scope_name));
    return *this;
  }
  uint64_t refused(Refusal refusal) const { return taken.refused.of(refusal); }

  std::string page(std::string_view accept = {}) {
    const prometheus::Exposition exposition =
        prometheus::negotiate(accept, prometheus::OpenMetrics::kOffered);
    const auto names =
        namer_.keeps_utf8() ? prometheus::NameForm::kUtf8 : prometheus::NameForm::kPlain;
    const auto reader =
        PageReader::open(store, budget, {.writer = {exposition, names}, .timestamps = timestamps});
    std::string text;
    for (;;) {
      PageReader::Piece piece = reader->next(now);
      MILLRACE_CHECK(!piece.is_broken);
      MILLRACE_CHECK(piece.bytes.size() <= PageReader::kPieceBytes);
      text += piece.bytes;
      if (piece.is_last) return text;
    }
  }
  // The page without its comments.
  std::string samples(std::string_view accept = {}) {
    const std::string whole = page(accept);
    std::string lines;
    for (size_t begin = 0; begin < whole.size();) {
      const size_t end = whole.find('\n', begin) + 1;
      if (whole[begin] != '#') lines += whole.substr(begin, end - begin);
      begin = end;
    }
    return lines;
  }

  Budget budget{size_t{64} << 20};
  bool timestamps = false;
  MonotonicTime now = MonotonicTime() + 1h;
  TakenPoints taken;

 private:
  const prometheus::Namer namer_;
  const LabelOptions options_;

 public:
  SeriesStore store;

 private:
  Intake intake_;
};

}  // namespace millrace::exporters::testing
