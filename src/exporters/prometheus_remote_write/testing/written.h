// Points in, the lines of a request out, for tests.
#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/pace.h"
#include "exporters/prometheus_remote_write/testing/request_text.h"
#include "exporters/prometheus_remote_write/translator.h"
#include "memory/budget.h"
#include "prometheus_series/testing/otlp_text.h"

namespace millrace::exporters::testing {

struct WrittenOptions {
  prometheus::Strategy strategy = prometheus::Strategy::kUnderscoreEscapingWithSuffixes;
  std::string metric_namespace = {};
  TranslatorOptions translation = {.labels = {.rules = LabelRules::kRemoteWrite}};
  WriteProtocol protocol = WriteProtocol::k1;
  WriteTable::Metadata metadata = WriteTable::Metadata::kNone;
  RequestText::Parts parts = RequestText::Parts::kAll;
};

struct Translated {
  std::vector<std::string> lines;
  RefusedPoints refused;
  uint64_t points = 0;
  uint64_t repaired = 0;
  size_t size = 0;  // of the request
  Translator::End end = Translator::End::kComplete;
};

inline Translated translate(const Rope& request, const WrittenOptions& options = {},
                            size_t budget_bytes = size_t{64} << 20) {
  Budget budget(budget_bytes);
  const prometheus::Namer namer(options.strategy, options.metric_namespace,
                                prometheus::Underscores::kKept);
  const KeyHasher hasher(1, 2);
  Translated translated;
  {
    WriteTable table(options.protocol, options.metadata, budget, hasher);
    Translator translator(namer, options.translation, hasher, table);
    Pace pace;
    translated.end = translator.translate(request, pace);
    translated.refused = translator.refused();
    translated.points = translator.point_count();
    translated.repaired = translator.repaired_count();
    if (translated.end != Translator::End::kComplete) return translated;
    auto written = table.finish(pace);
    if (!written) {
      translated.end = Translator::End::kNoMemory;
      return translated;
    }
    translated.size = written->bytes.size();
    MILLRACE_CHECK(written->memory.bytes() >= translated.size);
    translated.refused.add(Refusal::kDuplicateSample, {}, written->duplicate_points);
    translated.lines = RequestText(options.protocol, options.parts).read(written->bytes.view());
  }
  MILLRACE_CHECK(budget.used() == 0);
  return translated;
}

// " value@ms" of a sample at that whole second behind kEpoch.
inline std::string sample(double value, uint64_t second = 1) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text = " ";
  const auto bits = std::bit_cast<uint64_t>(value);
  for (int shift = 60; shift >= 0; shift -= 4) text += kDigits[bits >> shift & 15];
  return text + "@" + std::to_string(at_s(second) / 1'000'000);
}

}  // namespace millrace::exporters::testing
