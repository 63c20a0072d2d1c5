#include "receivers/prometheus/labels.h"

#include <algorithm>

namespace millrace::receivers::prometheus {
namespace {

// Texts that are kept for the next sample, so that a sample allocates nothing.
constexpr size_t kKeptTextsMax = 64;
constexpr size_t kKeptBytesMax = 4096;

}  // namespace

void LabelSet::clear() {
  labels_.clear();
  if (kept_.size() > kKeptTextsMax) kept_.resize(kKeptTextsMax);
  for (size_t i = 0; i < std::min(kept_count_, kept_.size()); ++i) {
    if (kept_[i].capacity() > kKeptBytesMax) std::string().swap(kept_[i]);
  }
  kept_count_ = 0;
}

const Label* LabelSet::find(std::string_view name) const {
  const auto found = std::ranges::find(labels_, name, &Label::name);
  return found == labels_.end() ? nullptr : &*found;
}

std::string_view LabelSet::get(std::string_view name) const {
  const Label* found = find(name);
  return found == nullptr ? std::string_view() : found->value;
}

void LabelSet::set(std::string_view name, std::string_view value) {
  if (value.empty()) return remove(name);
  const auto found = std::ranges::find(labels_, name, &Label::name);
  if (found == labels_.end()) {
    labels_.push_back({name, value});
  } else {
    found->value = value;
  }
}

void LabelSet::remove(std::string_view name) {
  std::erase_if(labels_, [&](const Label& label) { return label.name == name; });
}

std::string_view LabelSet::keep(std::string_view text) {
  if (kept_count_ == kept_.size()) kept_.emplace_back();
  std::string& kept = kept_[kept_count_++];
  kept.assign(text);
  return kept;
}

void LabelSet::sort() { std::ranges::sort(labels_, {}, &Label::name); }

std::string_view LabelSet::duplicate() const {
  const auto found = std::ranges::adjacent_find(labels_, {}, &Label::name);
  return found == labels_.end() ? std::string_view() : found->name;
}

void LabelSet::remove_empty() {
  std::erase_if(labels_, [](const Label& label) { return label.value.empty(); });
}

}  // namespace millrace::receivers::prometheus
