#include "library/join_points.h"

#include <cstring>

#include "base/allocation_name.h"
#include "wire/protobuf.h"

namespace millrace::library {
namespace {

using wire::WireType;

// Lower field numbers are name, description and unit.
constexpr uint32_t kDataFieldMin = 5;

std::string_view as_text(const uint8_t* begin, const uint8_t* end) {
  return {reinterpret_cast<const char*>(begin), static_cast<size_t>(end - begin)};
}

}  // namespace

size_t PointJoiner::join(std::span<uint8_t> items) {
  const bool is_joined = read(items) && metric_count_ < point_count_;
  if (is_joined) {
    // At most a chunk, whose items are joined.
    const AllocationName name("constant joining of points");
    joined_.clear();
    joined_.reserve(items.size());
    for (size_t i = 0; i < metric_count_; ++i) write(metrics_[i]);
  }
  places_.clear();
  if (!is_joined || joined_.size() > items.size()) return items.size();
  std::memcpy(items.data(), joined_.data(), joined_.size());
  return joined_.size();
}

bool PointJoiner::read(std::span<const uint8_t> items) {
  metric_count_ = 0;
  point_count_ = 0;
  wire::FieldReader metrics(items);
  for (wire::Field metric; metrics.next(&metric);) {
    // The data is the last field of a Metric, and the point is the last field of the data.
    wire::Field data;
    wire::FieldReader fields(metric.bytes);
    while (fields.next(&data) && data.number < kDataFieldMin) {
    }
    wire::Field point;
    wire::FieldReader inside(data.bytes);
    while (inside.next(&point) && point.number != 1) {
    }
    if (data.number < kDataFieldMin || point.number != 1 ||
        point.whole.data() + point.whole.size() != metric.bytes.data() + metric.bytes.size()) {
      return false;
    }
    const Key key{as_text(metric.bytes.data(), data.whole.data() + 1),
                  as_text(data.bytes.data(), point.whole.data())};
    const auto [place, is_new] = places_.try_emplace(key, metric_count_);
    if (is_new) {
      if (metric_count_ == metrics_.size()) metrics_.emplace_back();
      Metric& fresh = metrics_[metric_count_++];
      fresh.key = key;
      fresh.points.clear();
      fresh.points_size = 0;
    }
    Metric& mine = metrics_[place->second];
    mine.points.push_back(as_text(point.whole.data(), point.whole.data() + point.whole.size()));
    mine.points_size += point.whole.size();
    ++point_count_;
  }
  return metrics.ok();
}

void PointJoiner::write(const Metric& metric) {
  const auto put = [this](std::string_view piece) {
    joined_.insert(joined_.end(), piece.begin(), piece.end());
  };
  const auto put_size = [this](size_t size) {
    uint8_t varint[wire::kVarintBytesMax];
    joined_.insert(joined_.end(), varint, wire::write_varint(varint, size));
  };
  const size_t data_size = metric.key.settings.size() + metric.points_size;
  joined_.push_back(wire::make_tag(2, WireType::kLen));
  put_size(metric.key.head.size() + wire::varint_size(data_size) + data_size);
  put(metric.key.head);
  put_size(data_size);
  put(metric.key.settings);
  for (const std::string_view point : metric.points) put(point);
}

}  // namespace millrace::library
