// A request of remote write as lines of text, for tests; the recorder of tests/golden/remote_write
// writes the same. Checks on the way what the specifications demand of every request.
//
//   series  labels  {name=value,…}, then for each sample " value@ms" (the value as 16 hexadecimal
//           digits of the double; 2.0: "^ms" of the start behind it), for each histogram
//           " H(schema,threshold,zeros,count,sum|index:count …|index:count …)@ms", for each
//           exemplar " #{name=value,…}value@ms", and in 2.0 " M type|help|unit"
//   1.0     " M name|type|help|unit" for each family
//
// Lines are sorted. Buckets without a count are left out.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/check.h"
#include "exporters/prometheus_remote_write/write_table.h"
#include "wire/protobuf.h"

namespace millrace::exporters::testing {

class RequestText {
 public:
  // kShared: without start times and metadata, which only 2.0 has.
  enum class Parts : uint8_t { kAll, kShared };
  explicit RequestText(WriteProtocol protocol, Parts parts = Parts::kAll)
      : is_1_(protocol == WriteProtocol::k1), is_all_(parts == Parts::kAll) {}

  std::vector<std::string> read(std::span<const uint8_t> request) {
    std::vector<std::span<const uint8_t>> series;
    each(request, [&](const wire::Field& field) {
      if (is_1_ && field.number == 1) series.push_back(field.bytes);
      if (is_1_ && field.number == 3) lines_.push_back(family(field.bytes));
      if (!is_1_ && field.number == 4) symbols_.push_back(std::string(field.text()));
      if (!is_1_ && field.number == 5) series.push_back(field.bytes);
    });
    MILLRACE_CHECK(is_1_ || (!symbols_.empty() && symbols_[0].empty()));
    for (const auto each : series) lines_.push_back(line(each));
    std::ranges::sort(labels_);
    MILLRACE_CHECK(std::ranges::adjacent_find(labels_) == labels_.end());
    std::ranges::sort(lines_);
    return std::move(lines_);
  }

 private:
  using Labels = std::vector<std::pair<std::string, std::string>>;

  template <class Visit>
  static void each(std::span<const uint8_t> message, const Visit& visit) {
    wire::FieldReader reader(message);
    for (wire::Field field; reader.next(&field);) visit(field);
    MILLRACE_CHECK(reader.ok());
  }
  template <class Visit>
  static void each_packed(const wire::Field& field, const Visit& visit) {
    MILLRACE_CHECK(field.type == wire::WireType::kLen);
    uint64_t value = 0;
    int shift = 0;
    for (const uint8_t byte : field.bytes) {
      value |= uint64_t{byte & 0x7fU} << shift;
      shift += 7;
      if ((byte & 0x80) != 0) continue;
      visit(value);
      value = 0;
      shift = 0;
    }
    MILLRACE_CHECK(shift == 0);
  }
  static std::string hex(uint64_t bits) {
    std::string text;
    for (int shift = 60; shift >= 0; shift -= 4) text += "0123456789abcdef"[bits >> shift & 15];
    return text;
  }

  void add_labels(const wire::Field& field, Labels& into) const {
    if (is_1_) {
      into.emplace_back();
      each(field.bytes, [&](const wire::Field& part) {
        (part.number == 1 ? into.back().first : into.back().second) = part.text();
      });
      return;
    }
    std::vector<uint64_t> refs;
    each_packed(field, [&](uint64_t ref) { refs.push_back(ref); });
    MILLRACE_CHECK(refs.size() % 2 == 0);
    for (size_t i = 0; i < refs.size(); i += 2) {
      into.emplace_back(symbols_.at(refs[i]), symbols_.at(refs[i + 1]));
    }
  }
  static std::string to_text(const Labels& labels) {
    MILLRACE_CHECK(std::ranges::is_sorted(labels, std::ranges::less_equal(),
                                          &std::pair<std::string, std::string>::first) ||
                   labels.size() < 2);
    std::string text = "{";
    for (const auto& [name, value] : labels) {
      MILLRACE_CHECK(!name.empty());
      text += (text.size() == 1 ? "" : ",") + name + "=" + value;
    }
    return text + "}";
  }

  std::string line(std::span<const uint8_t> series) {
    Labels labels;
    std::string samples;
    std::string exemplars;
    std::string metadata;
    int64_t last = -1;
    each(series, [&](const wire::Field& field) {
      const bool is_histogram = field.number == (is_1_ ? 4U : 3U);
      const bool is_exemplar = field.number == (is_1_ ? 3U : 4U);
      if (field.number == 1) add_labels(field, labels);
      int64_t time = 0;
      if (field.number == 2) samples += sample(field.bytes, &time);
      if (is_histogram) samples += histogram(field.bytes, &time);
      if (field.number == 2 || is_histogram) {
        MILLRACE_CHECK(time > last);
        last = time;
      }
      if (is_exemplar) exemplars += exemplar(field.bytes);
      if (!is_1_ && field.number == 5) metadata = metadata_of(field.bytes);
    });
    for (const auto& [name, value] : labels) MILLRACE_CHECK(!value.empty());
    labels_.push_back(labels);
    return to_text(labels) + samples + exemplars + (is_all_ ? metadata : "");
  }
  std::string sample(std::span<const uint8_t> message, int64_t* time) const {
    uint64_t value = 0;
    uint64_t start = 0;
    each(message, [&](const wire::Field& field) {
      if (field.number == 1) value = field.value;
      if (field.number == 2) *time = static_cast<int64_t>(field.value);
      if (field.number == 3) start = field.value;
    });
    return " " + hex(value) + "@" + std::to_string(*time) +
           (start == 0 || !is_all_ ? "" : "^" + std::to_string(start));
  }
  std::string exemplar(std::span<const uint8_t> message) const {
    Labels labels;
    uint64_t value = 0;
    int64_t time = 0;
    each(message, [&](const wire::Field& field) {
      if (field.number == 1) add_labels(field, labels);
      if (field.number == 2) value = field.value;
      if (field.number == 3) time = static_cast<int64_t>(field.value);
    });
    return " #" + to_text(labels) + hex(value) + "@" + std::to_string(time);
  }

  struct Buckets {
    std::vector<std::pair<int64_t, uint64_t>> spans;
    std::vector<int64_t> deltas;
    std::string text() const {
      std::string text;
      int64_t index = 0;
      int64_t count = 0;
      size_t at = 0;
      for (const auto& [offset, length] : spans) {
        index += offset;
        for (uint64_t i = 0; i < length; ++i, ++index) {
          count += deltas.at(at++);
          MILLRACE_CHECK(count >= 0);
          if (count == 0) continue;
          text += (text.empty() ? "" : " ") + std::to_string(index) + ":" + std::to_string(count);
        }
      }
      MILLRACE_CHECK(at == deltas.size());
      return text;
    }
  };
  std::string histogram(std::span<const uint8_t> message, int64_t* time) const {
    uint64_t count = 0;
    uint64_t sum = 0;
    int64_t schema = 0;
    uint64_t threshold = 0;
    uint64_t zeros = 0;
    uint64_t start = 0;
    Buckets positive;
    Buckets negative;
    each(message, [&](const wire::Field& field) {
      if (field.number == 1) count = field.value;
      if (field.number == 3) sum = field.value;
      if (field.number == 4) schema = wire::zigzag_decode(field.value);
      if (field.number == 5) threshold = field.value;
      if (field.number == 6) zeros = field.value;
      Buckets& buckets = field.number < 10 ? negative : positive;
      if (field.number == 8 || field.number == 11) {
        buckets.spans.emplace_back();
        each(field.bytes, [&](const wire::Field& part) {
          if (part.number == 1) buckets.spans.back().first = wire::zigzag_decode(part.value);
          if (part.number == 2) buckets.spans.back().second = part.value;
        });
      }
      if (field.number == 9 || field.number == 12) {
        each_packed(field,
                    [&](uint64_t delta) { buckets.deltas.push_back(wire::zigzag_decode(delta)); });
      }
      if (field.number == 15) *time = static_cast<int64_t>(field.value);
      if (field.number == 17) start = field.value;
    });
    return " H(" + std::to_string(schema) + "," + hex(threshold) + "," + std::to_string(zeros) +
           "," + std::to_string(count) + "," + hex(sum) + "|" + negative.text() + "|" +
           positive.text() + ")@" + std::to_string(*time) +
           (start == 0 || !is_all_ ? "" : "^" + std::to_string(start));
  }

  static std::string family(std::span<const uint8_t> message) {
    uint64_t type = 0;
    std::string name;
    std::string help;
    std::string unit;
    each(message, [&](const wire::Field& field) {
      if (field.number == 1) type = field.value;
      if (field.number == 2) name = field.text();
      if (field.number == 4) help = field.text();
      if (field.number == 5) unit = field.text();
    });
    return " M " + name + "|" + std::to_string(type) + "|" + help + "|" + unit;
  }
  std::string metadata_of(std::span<const uint8_t> message) const {
    uint64_t type = 0;
    uint64_t help = 0;
    uint64_t unit = 0;
    each(message, [&](const wire::Field& field) {
      if (field.number == 1) type = field.value;
      if (field.number == 3) help = field.value;
      if (field.number == 4) unit = field.value;
    });
    return " M " + std::to_string(type) + "|" + symbols_.at(help) + "|" + symbols_.at(unit);
  }

  const bool is_1_;
  const bool is_all_;
  std::vector<std::string> symbols_;
  std::vector<Labels> labels_;  // of all series
  std::vector<std::string> lines_;
};

}  // namespace millrace::exporters::testing
