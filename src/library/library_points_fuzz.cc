// Metric points of every kind from random bytes, in the form of a chunk: admission accepts them,
// libprotobuf reads them, and joining changes neither the points nor their surroundings.
#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "base/check.h"
#include "library/encode_values.h"
#include "library/join_points.h"
#include "library/prefix.h"
#include "otlp/admit.h"
#include "otlp/otlp_reference.h"

namespace millrace::library {
namespace {

using v1::detail::Access;

// Takes values from the front; zeros when nothing is left.
class Choices {
 public:
  explicit Choices(std::span<const uint8_t> data) : data_(data) {}
  bool empty() const { return data_.empty(); }
  uint8_t byte() {
    if (data_.empty()) return 0;
    const uint8_t value = data_.front();
    data_ = data_.subspan(1);
    return value;
  }
  uint64_t word() {
    uint64_t value = 0;
    for (int i = 0; i < 8; ++i) value = value << 8 | byte();
    return value;
  }
  double real() { return std::bit_cast<double>(word()); }
  std::string text() {
    static constexpr size_t kSizes[] = {0, 1, 5, 20, 100, 140, 2000};
    const size_t size = kSizes[byte() % 7];
    std::string text(size, 'x');
    for (size_t i = 0; i < std::min<size_t>(size, 4); ++i) text[i] = static_cast<char>(byte());
    return text;
  }
  v1::Number number() {
    return byte() % 2 == 0 ? v1::Number(static_cast<int64_t>(word())) : v1::Number(real());
  }
  v1::Temporality temporality() { return static_cast<v1::Temporality>(byte() % 3); }
  std::vector<uint64_t> counts() {
    std::vector<uint64_t> counts(byte() % 20);
    for (uint64_t& count : counts) count = word() >> (byte() % 64);
    return counts;
  }

 private:
  std::span<const uint8_t> data_;
};

template <class Data>
void add(Choices& choices, const Data& data, std::vector<uint8_t>& items) {
  // Few different names, so that equal names are frequent.
  const std::string name = choices.byte() % 4 != 0 ? "name" : choices.text();
  const std::string unit = choices.byte() % 4 != 0 ? "" : choices.text();
  v1::MetricPointBuilder builder({.name = name, .unit = unit}, data, choices.word());
  for (int i = choices.byte() % 4; i > 0; --i) builder.set(choices.text(), choices.text());
  if (choices.byte() % 4 == 0) builder.add_exemplar(choices.number(), {1}, {2}, choices.word());
  if (choices.byte() % 4 == 0) builder.set_flags(choices.byte());
  const uint8_t* begin = Access::finish(builder, choices.byte());
  const auto size = static_cast<size_t>(Access::encoder(builder).at() - begin);
  MILLRACE_CHECK(!Access::encoder(builder).remarks().failed);
  uint8_t head[11] = {0x12};
  items.insert(items.end(), head, v1::detail::put_varint(head + 1, size));
  items.insert(items.end(), begin, begin + size);
}

void add_one(Choices& choices, std::vector<uint8_t>& items) {
  switch (choices.byte() % 5) {
    case 0:
      return add(choices, v1::Gauge{choices.number()}, items);
    case 1:
      return add(choices, v1::Sum{choices.number(), choices.temporality(), choices.byte() % 2 == 0},
                 items);
    case 2:
      return add(choices,
                 v1::Histogram{.count = choices.word(),
                               .sum = choices.real(),
                               .bucket_counts = choices.counts(),
                               .temporality = choices.temporality()},
                 items);
    case 3:
      return add(choices,
                 v1::ExponentialHistogram{
                     .count = choices.word(),
                     .scale = static_cast<int32_t>(choices.word()),
                     .positive = {static_cast<int32_t>(choices.word()), choices.counts()},
                     .negative = {0, choices.counts()},
                     .temporality = choices.temporality()},
                 items);
    default:
      return add(choices, v1::Summary{choices.word(), choices.real(), {{choices.real(), 1}}},
                 items);
  }
}

// The points as libprotobuf reads them, each with its surroundings.
std::vector<std::string> lines_of(std::span<const uint8_t> items, uint32_t count) {
  const Prefix prefix({}, "scope", "");
  std::vector<uint8_t> request(prefix.bytes_max() + items.size() + 16);
  if (!items.empty()) std::memcpy(request.data() + prefix.bytes_max(), items.data(), items.size());
  const uint8_t* begin = prefix.write_before(request.data() + prefix.bytes_max(), items.size());
  const uint8_t* end = request.data() + prefix.bytes_max() + items.size();
  const auto admitted = otlp::admit(Signal::kMetrics, {begin, end});
  MILLRACE_CHECK(admitted.has_value() && admitted->item_count == count);
  std::vector<std::string> lines;
  MILLRACE_CHECK(otlp::reference::flatten(Signal::kMetrics, {begin, end}, &lines));
  MILLRACE_CHECK(lines.size() == count);
  std::ranges::sort(lines);
  return lines;
}

}  // namespace

void try_points(std::span<const uint8_t> data) {
  otlp::reference::be_silent();
  Choices choices(data);
  std::vector<uint8_t> items;
  uint32_t count = 0;
  for (; !choices.empty() && count < 50; ++count) add_one(choices, items);
  const auto before = lines_of(items, count);
  PointJoiner joiner;
  items.resize(joiner.join(items));
  MILLRACE_CHECK(lines_of(items, count) == before);
  // Joining again changes nothing.
  const auto joined = items;
  items.resize(joiner.join(items));
  MILLRACE_CHECK(items == joined);
}

}  // namespace millrace::library

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  millrace::library::try_points({data, size});
  return 0;
}
