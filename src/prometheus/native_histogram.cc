#include "prometheus/native_histogram.h"

#include <algorithm>
#include <limits>
#include <string>

namespace millrace::prometheus {
namespace {

// How far an index is shifted to the right.
int shift_of(int32_t scale) {
  // The index of any bucket has 32 bits.
  return static_cast<int>(std::clamp<int64_t>(int64_t{scale} - kSchemaMax, 0, 32));
}

// Prometheus's index of the bucket at `position` of the list.
int64_t index_of(const ExponentialBuckets& buckets, size_t position, int shift) {
  return ((int64_t{buckets.offset} + static_cast<int64_t>(position)) >> shift) + 1;
}

// Adds up to `total`; false when that passes 64 bits.
bool add_counts(const ExponentialBuckets& buckets, uint64_t* total) {
  return std::ranges::all_of(buckets.counts, [&](uint64_t count) {
    return !__builtin_add_overflow(*total, count, total);
  });
}

bool has_index(const ExponentialBuckets& buckets, int shift) {
  return buckets.counts.empty() ||
         index_of(buckets, buckets.counts.size() - 1, shift) <= std::numeric_limits<int32_t>::max();
}

class BucketWriter {
 public:
  explicit BucketWriter(NativeBuckets& into) : into_(into) {
    into_.spans.clear();
    into_.deltas.clear();
  }

  // Indices rise. A gap of one bucket costs less as a bucket than as a span.
  void add(int64_t index, uint64_t count) {
    if (count == 0) return;
    const int64_t gap = index - next_index_;
    if (into_.spans.empty() || gap > 1) {
      into_.spans.push_back({static_cast<int32_t>(gap), 0});
    } else if (gap == 1) {
      append(0);
    }
    append(static_cast<int64_t>(count));
    next_index_ = index + 1;
  }

 private:
  void append(int64_t count) {
    ++into_.spans.back().length;
    into_.deltas.push_back(count - last_count_);
    last_count_ = count;
  }

  NativeBuckets& into_;
  int64_t next_index_ = 0;  // the first span's offset is its index
  int64_t last_count_ = 0;
};

void merge_buckets(const ExponentialBuckets& buckets, int shift, NativeBuckets& into) {
  BucketWriter writer(into);
  for (size_t position = 0; position < buckets.counts.size();) {
    const int64_t index = index_of(buckets, position, shift);
    uint64_t count = 0;
    while (position < buckets.counts.size() && index_of(buckets, position, shift) == index) {
      count += buckets.counts[position++];
    }
    writer.add(index, count);
  }
}

}  // namespace

Status check_native(const ExponentialValue& value) {
  if (value.scale < kSchemaMin) {
    return fail(Code::kInvalidArgument, "the scale " + std::to_string(value.scale) +
                                            " has no native histogram: the lowest is " +
                                            std::to_string(kSchemaMin));
  }
  const int shift = shift_of(value.scale);
  if (!has_index(value.positive, shift) || !has_index(value.negative, shift)) {
    return fail(Code::kInvalidArgument, "the index of a bucket passes 32 bits");
  }
  uint64_t total = value.zero_count;
  const bool is_number = add_counts(value.positive, &total) && add_counts(value.negative, &total) &&
                         value.count <= uint64_t{std::numeric_limits<int64_t>::max()};
  // Observations that are NaN are in no bucket.
  if (!is_number || (value.sum == value.sum ? total != value.count : total > value.count)) {
    return fail(Code::kInvalidArgument,
                "the buckets do not add up to the count " + std::to_string(value.count));
  }
  return {};
}

void to_native(const ExponentialValue& value, NativeHistogram& into) {
  into.schema = std::min(value.scale, kSchemaMax);
  into.zero_threshold = value.zero_threshold == 0 ? kZeroThreshold : value.zero_threshold;
  into.zero_count = value.zero_count;
  into.count = value.count;
  into.sum = value.sum;
  const int shift = shift_of(value.scale);
  merge_buckets(value.positive, shift, into.positive);
  merge_buckets(value.negative, shift, into.negative);
}

}  // namespace millrace::prometheus
