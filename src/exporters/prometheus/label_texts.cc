#include "exporters/prometheus/label_texts.h"

#include <algorithm>
#include <cstdint>

#include "wire/protobuf.h"

// Form of a packed text: one byte with the index of the reference, then runs of
//   varint   bytes of the reference that are passed over
//   varint   bytes of the reference that are copied
//   varint   bytes that follow here, and these bytes
namespace millrace::exporters {
namespace {

// A shorter copy takes more bytes than what it copies.
constexpr size_t kCopyBytesMin = 4;

void append_varint(std::string& into, uint64_t value) {
  uint8_t bytes[wire::kVarintBytesMax];
  into.append(reinterpret_cast<const char*>(bytes), wire::write_varint(bytes, value) - bytes);
}

uint64_t take_varint(std::string_view& from) {
  const auto* const begin = reinterpret_cast<const uint8_t*>(from.data());
  uint64_t value = 0;
  from.remove_prefix(
      static_cast<size_t>(wire::read_varint(begin, begin + from.size(), &value) - begin));
  return value;
}

// A label with its comma, from `at` on. A value that has the same bytes inside is cut there, which
// only makes what is kept longer.
std::string_view label_at(std::string_view text, size_t at) {
  const size_t end = text.find("\",", at);
  return text.substr(at, end == std::string_view::npos ? end : end + 2 - at);
}
std::string_view name_of(std::string_view label) { return label.substr(0, label.find('=')); }

size_t common_prefix(std::string_view a, std::string_view b) {
  return static_cast<size_t>(std::ranges::mismatch(a, b).in1 - a.begin());
}
size_t common_suffix(std::string_view a, std::string_view b) {
  return static_cast<size_t>(std::mismatch(a.rbegin(), a.rend(), b.rbegin(), b.rend()).first -
                             a.rbegin());
}

// Collects what is copied and what is new, in the order of the text, into runs.
class Runs {
 public:
  Runs(std::string_view text, std::string& into) : text_(text), into_(into) {}

  void copy(size_t from, size_t size) {
    const bool continues = new_size_ == 0 && from == copy_end_;
    if (size < kCopyBytesMin && !continues) return add_new(size);
    if (!continues) {
      finish();
      copy_begin_ = copy_end_ = from;
    }
    copy_end_ += size;
    at_ += size;
  }
  void add_new(size_t size) {
    new_size_ += size;
    at_ += size;
  }
  void finish() {
    if (copy_begin_ == copy_end_ && new_size_ == 0) return;
    append_varint(into_, copy_begin_ - passed_);
    append_varint(into_, copy_end_ - copy_begin_);
    append_varint(into_, new_size_);
    into_ += text_.substr(at_ - new_size_, new_size_);
    passed_ = copy_begin_ = copy_end_;
    new_size_ = 0;
  }

 private:
  const std::string_view text_;
  std::string& into_;
  size_t at_ = 0;          // in the text, behind what was added
  size_t passed_ = 0;      // in the reference, behind the run before
  size_t copy_begin_ = 0;  // in the reference
  size_t copy_end_ = 0;
  size_t new_size_ = 0;
};

std::string packed_against(std::string_view reference, size_t index, std::string_view text) {
  std::string packed(1, static_cast<char>(index));
  Runs runs(text, packed);
  size_t known = 0;  // the next label of the reference; both are sorted by name
  for (size_t at = 0; at < text.size();) {
    const std::string_view label = label_at(text, at);
    at += label.size();
    std::string_view other;
    while (known < reference.size()) {
      other = label_at(reference, known);
      if (name_of(other) >= name_of(label)) break;
      known += other.size();
    }
    if (known >= reference.size() || name_of(other) != name_of(label)) {
      runs.add_new(label.size());
      continue;
    }
    const size_t prefix = common_prefix(label, other);
    const size_t suffix = common_suffix(label.substr(prefix), other.substr(prefix));
    runs.copy(known, prefix);
    known += other.size();
    runs.add_new(label.size() - prefix - suffix);
    runs.copy(known - suffix, suffix);
  }
  runs.finish();
  return packed;
}

}  // namespace

std::string LabelTexts::pack(std::string_view text) const {
  if (references_.empty()) return packed_against({}, 0, text);
  std::string best;
  for (size_t index = 0; index < references_.size(); ++index) {
    std::string packed = packed_against(references_[index], index, text);
    if (best.empty() || packed.size() < best.size()) best = std::move(packed);
    if (best.size() <= kSmallBytes + text.size() / 8) break;
  }
  return best;
}

void LabelTexts::unpack(std::string_view packed, std::string& into) const {
  const auto index = static_cast<uint8_t>(packed.front());
  packed.remove_prefix(1);
  std::string_view reference;
  if (index < references_.size()) reference = references_[index];
  while (!packed.empty()) {
    reference.remove_prefix(take_varint(packed));
    const size_t copied = take_varint(packed);
    into += reference.substr(0, copied);
    reference.remove_prefix(copied);
    const size_t size = take_varint(packed);
    into += packed.substr(0, size);
    packed.remove_prefix(size);
  }
}

size_t LabelTexts::memory_bytes() const {
  size_t bytes = 0;
  for (const std::string& reference : references_) bytes += reference_bytes(reference);
  return bytes;
}

}  // namespace millrace::exporters
