#include "processors/redaction/class_sequences.h"

#include <algorithm>
#include <bitset>
#include <utility>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace millrace::processors::redaction {

namespace {

constexpr size_t kClassesMax = 64;
constexpr std::string_view kSpecial = R"(\^$.|?*+()[]{})";

using Members = std::bitset<128>;

Members digits() {
  Members members;
  for (char c = '0'; c <= '9'; ++c) members.set(static_cast<size_t>(c));
  return members;
}

bool is_ascii(char c) { return static_cast<unsigned char>(c) < 0x80; }

}  // namespace

// A sequence is kept as the numbers of its classes, one a byte. Every function returns false where
// the expression has a form that is not read.
class ClassSequences::Reader {
 public:
  using Sequences = std::vector<std::vector<uint8_t>>;

  explicit Reader(std::string_view regex) : rest_(regex) {}

  bool read(Sequences* all) { return read_alternatives(all) && rest_.empty(); }
  const std::vector<Members>& classes() const { return classes_; }

 private:
  bool take(std::string_view text) {
    if (!rest_.starts_with(text)) return false;
    rest_.remove_prefix(text.size());
    return true;
  }

  bool read_alternatives(Sequences* all) {
    do {
      Sequences one = {{}};
      while (!rest_.empty() && !rest_.starts_with('|') && !rest_.starts_with(')')) {
        if (!read_part(&one)) return false;
      }
      all->insert(all->end(), one.begin(), one.end());
      if (!is_short(*all)) return false;
    } while (take("|"));
    return true;
  }

  // A class or group with its quantifier, behind each of `before`.
  bool read_part(Sequences* before) {
    Sequences part;
    if (!(rest_.starts_with('(') ? read_group(&part) : read_class(&part))) return false;
    if (rest_.starts_with('{')) {
      if (!read_count(&part)) return false;
    } else if (take("?")) {
      part.emplace_back();  // behind those that are preferred
    }
    if (!rest_.empty() && std::string_view("?*+{").contains(rest_.front())) return false;
    Sequences joined;
    for (const auto& begin : *before) {
      for (const auto& end : part) {
        joined.push_back(begin);
        joined.back().insert(joined.back().end(), end.begin(), end.end());
      }
      if (!is_short(joined)) return false;
    }
    *before = std::move(joined);
    return true;
  }

  bool read_group(Sequences* part) {
    if (!take("(?:")) {
      if (rest_.starts_with("(?")) return false;
      rest_.remove_prefix(1);
    }
    if (depth_ == kDepthMax) return false;
    ++depth_;
    const bool is_read = read_alternatives(part) && take(")");
    --depth_;
    return is_read;
  }

  bool read_class(Sequences* part) {
    Members members;
    if (take("\\d")) {
      members = digits();
    } else if (!(rest_.starts_with('[') ? read_set(&members) : read_literal(&members))) {
      return false;
    }
    auto known = std::ranges::find(classes_, members);
    if (known == classes_.end()) {
      if (classes_.size() == kClassesMax) return false;
      known = classes_.insert(known, members);
    }
    part->push_back({static_cast<uint8_t>(known - classes_.begin())});
    return true;
  }

  bool read_literal(Members* members) {
    if (rest_.empty()) return false;
    const bool is_escaped = rest_[0] == '\\' && rest_.size() > 1 && kSpecial.contains(rest_[1]);
    const char c = rest_[is_escaped ? 1 : 0];
    if (!is_ascii(c) || (!is_escaped && kSpecial.contains(c))) return false;
    members->set(static_cast<size_t>(c));
    rest_.remove_prefix(is_escaped ? 2 : 1);
    return true;
  }

  // [a-z0-9_]: without escapes, negation and named classes.
  bool read_set(Members* members) {
    const size_t end = rest_.find(']');
    if (end == rest_.npos || end == 1) return false;
    const std::string_view set = rest_.substr(1, end - 1);
    rest_.remove_prefix(end + 1);
    if (!std::ranges::all_of(set, is_ascii) || set.find_first_of("^[\\") != set.npos) return false;
    for (size_t i = 0; i < set.size(); ++i) {
      const bool is_range = i + 2 < set.size() && set[i + 1] == '-';
      const char last = set[is_range ? i + 2 : i];
      for (auto c = static_cast<size_t>(set[i]); c <= static_cast<size_t>(last); ++c) {
        members->set(c);
      }
      if (is_range) i += 2;
    }
    return true;
  }

  // {n} behind a class. A group with it, and {n,m}, are not read.
  bool read_count(Sequences* part) {
    rest_.remove_prefix(1);
    if (rest_.starts_with('0')) return false;  // {03} is a text for RE2
    size_t count = 0;
    while (!rest_.empty() && rest_[0] >= '0' && rest_[0] <= '9' && count <= kBytesMax) {
      count = 10 * count + static_cast<size_t>(rest_[0] - '0');
      rest_.remove_prefix(1);
    }
    if (count == 0 || count > kBytesMax || !take("}")) return false;
    if (part->size() != 1 || part->front().size() != 1) return false;
    part->front().resize(count, part->front().front());
    return true;
  }

  static bool is_short(const Sequences& sequences) {
    size_t bytes = 0;
    for (const auto& sequence : sequences) bytes += sequence.size();
    return bytes <= kBytesMax && sequences.size() <= kBytesMax;
  }

  static constexpr int kDepthMax = 16;
  std::string_view rest_;
  std::vector<Members> classes_;
  int depth_ = 0;
};

std::optional<ClassSequences> ClassSequences::read(std::string_view regex) {
  Reader reader(regex);
  Reader::Sequences all;
  if (!reader.read(&all)) return std::nullopt;
  ClassSequences read;
  for (const auto& classes : all) {
    if (classes.empty()) return std::nullopt;
    Sequence& sequence = read.sequences_.emplace_back();
    sequence.size = classes.size();
    for (const uint8_t number : classes) {
      const Classes bit = Classes{1} << number;
      if (sequence.runs.empty() || sequence.runs.back().class_bit != bit) {
        sequence.runs.push_back({.class_bit = bit, .count = 0});
      }
      ++sequence.runs.back().count;
    }
    read.first_classes_ |= sequence.runs.front().class_bit;
  }
  int first_bytes = 0;
  for (size_t c = 0; c < Members().size(); ++c) {
    for (size_t number = 0; number < reader.classes().size(); ++number) {
      if (reader.classes()[number][c]) read.classes_of_[c] |= Classes{1} << number;
    }
    if ((read.classes_of_[c] & read.first_classes_) == 0) continue;
    ++first_bytes;
    read.first_byte_ = static_cast<int>(c);
  }
  if (first_bytes != 1) read.first_byte_ = -1;
  for (Sequence& sequence : read.sequences_) sequence.ranges = read.ranges_of(sequence);
  return read;
}

ClassSequences::Ranges ClassSequences::ranges_of(const Sequence& sequence) const {
  if (sequence.size > kComparedBytes) return {};
  Ranges ranges;
  size_t at = 0;
  for (const Run& run : sequence.runs) {
    const auto is_member = [&](Classes classes) { return (classes & run.class_bit) != 0; };
    const auto first = std::ranges::find_if(classes_of_, is_member);
    const auto end = std::find_if_not(first, classes_of_.end(), is_member);
    if (first == end || std::any_of(end, classes_of_.end(), is_member)) return {};
    for (size_t i = 0; i < run.count; ++i, ++at) {
      ranges.first[at] = static_cast<uint8_t>(first - classes_of_.begin());
      ranges.size[at] = static_cast<uint8_t>(end - first - 1);
    }
  }
  ranges.mask = (uint32_t{1} << sequence.size) - 1;
  return ranges;
}

bool ClassSequences::is_at(const Sequence& sequence, const char* at, size_t left) const {
#if defined(__SSE2__)
  if (const Ranges& ranges = sequence.ranges; ranges.mask != 0 && left >= kComparedBytes) {
    const auto load = [](const void* from) {
      return _mm_loadu_si128(static_cast<const __m128i*>(from));
    };
    const __m128i above = _mm_sub_epi8(load(at), load(ranges.first.data()));
    const __m128i are_in = _mm_cmpeq_epi8(_mm_min_epu8(above, load(ranges.size.data())), above);
    return (static_cast<uint32_t>(_mm_movemask_epi8(are_in)) & ranges.mask) == ranges.mask;
  }
#endif
  for (const Run& run : sequence.runs) {
    for (const char* const end = at + run.count; at != end; ++at) {
      if ((classes_of_[static_cast<uint8_t>(*at)] & run.class_bit) == 0) return false;
    }
  }
  return true;
}

std::optional<ClassSequences::Match> ClassSequences::find(std::string_view text, size_t from,
                                                          size_t until) const {
  const size_t end = std::min(until, text.size());
  for (size_t at = from; at < end; ++at) {
    if ((classes_of_[static_cast<uint8_t>(text[at])] & first_classes_) == 0) {
      if (first_byte_ < 0) continue;
      at = text.find(static_cast<char>(first_byte_), at);
      if (at == text.npos) break;
    }
    for (const Sequence& sequence : sequences_) {
      if (sequence.size > text.size() - at) continue;
      if (is_at(sequence, text.data() + at, text.size() - at)) return Match{at, sequence.size};
    }
  }
  return std::nullopt;
}

}  // namespace millrace::processors::redaction
