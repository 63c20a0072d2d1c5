// Counts how often values occur, in buckets of an eighth of their octave: a quantile is at most
// 1/16 off. Whole numbers from 0 to 2^41; larger ones count as the largest.
//
// Threads: any number record, each for one relaxed add; a reader may see a value a moment later.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace millrace {

class LogHistogram {
 public:
  static constexpr size_t kBuckets = 320;
  using Counts = std::array<uint64_t, kBuckets>;

  void record(uint64_t value) {
    buckets_[bucket_of(value)].fetch_add(1, std::memory_order_relaxed);
  }
  Counts counts() const {
    Counts counts;
    for (size_t i = 0; i < kBuckets; ++i) counts[i] = buckets_[i].load(std::memory_order_relaxed);
    return counts;
  }

  static constexpr size_t bucket_of(uint64_t value) {
    if (value < kSteps) return static_cast<size_t>(value);
    const auto octave = static_cast<size_t>(std::bit_width(value)) - kStepBits - 1;
    return std::min((octave << kStepBits) + static_cast<size_t>(value >> octave), kBuckets - 1);
  }
  // The middle of a bucket.
  static constexpr double value_of(size_t bucket) {
    if (bucket < 2 * kSteps) return static_cast<double>(bucket);
    const size_t octave = (bucket >> kStepBits) - 1;
    const uint64_t low = ((bucket & (kSteps - 1)) + kSteps) << octave;
    return static_cast<double>(low) + static_cast<double>((uint64_t{1} << octave) - 1) / 2;
  }
  // The value that the part `part` (0 to 1) of the counted values does not pass; nothing: there is
  // none.
  static std::optional<double> quantile(const Counts& counts, double part) {
    uint64_t total = 0;
    for (const uint64_t count : counts) total += count;
    if (total == 0) return std::nullopt;
    const auto wanted =
        std::max<uint64_t>(1, static_cast<uint64_t>(part * static_cast<double>(total) + 0.999999));
    uint64_t seen = 0;
    for (size_t i = 0; i < kBuckets; ++i) {
      seen += counts[i];
      if (seen >= wanted) return value_of(i);
    }
    return value_of(kBuckets - 1);
  }

 private:
  static constexpr size_t kStepBits = 3;
  static constexpr size_t kSteps = 1 << kStepBits;
  std::array<std::atomic<uint64_t>, kBuckets> buckets_{};
};

}  // namespace millrace
