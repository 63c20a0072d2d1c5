#include "destination/obligation.h"

#include <numeric>

#include "pipeline/completion.h"

namespace millrace::pipeline {
namespace {

// Divides `total` in proportion to items, so that the parts add up exactly.
class Proportion {
 public:
  Proportion(uint32_t total, uint64_t items) : total_(total), items_(items) {}
  uint32_t take(uint64_t items) {
    taken_items_ += items;
    const uint64_t upto = items_ == 0 ? total_ : uint64_t{total_} * taken_items_ / items_;
    const auto part = static_cast<uint32_t>(upto - taken_);
    taken_ = upto;
    return part;
  }

 private:
  const uint64_t total_;
  const uint64_t items_;
  uint64_t taken_items_ = 0;
  uint64_t taken_ = 0;
};

}  // namespace

Obligation::Obligation(Terms terms)
    : account_(terms.account),
      completion_(std::move(terms.completion)),
      record_(std::move(terms.record)),
      item_count_(terms.item_count),
      admitted_bytes_(terms.admitted_bytes),
      cost_(terms.cost) {
  MILLRACE_DCHECK(is_open());
}

std::vector<Obligation> Obligation::split(std::span<const uint32_t> item_counts) {
  MILLRACE_DCHECK(is_open());
  MILLRACE_DCHECK(std::reduce(item_counts.begin(), item_counts.end(), uint64_t{0}) == item_count_);
  Proportion bytes(admitted_bytes_, item_count_);
  Proportion cost(cost_, item_count_);
  std::vector<Obligation> parts;
  parts.reserve(item_counts.size());
  for (const uint32_t item_count : item_counts) {
    if (!parts.empty() && completion_ != nullptr) completion_->owe_one_more();
    Obligation& part = parts.emplace_back(Terms{.account = account_,
                                                .item_count = item_count,
                                                .admitted_bytes = bytes.take(item_count),
                                                .cost = cost.take(item_count),
                                                .completion = completion_,
                                                .record = record_});
    part.slots_ = parts.size() == 1 ? slots_ : 0;
    part.is_part_ = true;
  }
  (void)close();
  record_.reset();
  return parts;
}

std::shared_ptr<Completion> Obligation::close() {
  MILLRACE_CHECK(is_open());
  account_ = nullptr;
  return std::move(completion_);
}

}  // namespace millrace::pipeline
