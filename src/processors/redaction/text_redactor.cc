#include "processors/redaction/text_redactor.h"

#include <re2/re2.h>

#include <algorithm>

#include "processors/redaction/digest.h"

namespace millrace::processors::redaction {

namespace {

constexpr std::string_view kPlainMask = "****";
// Units of the pace for finding one match and for its hash.
constexpr size_t kMatchUnits = 200;
constexpr size_t kHashUnits = 1000;
// Positions of a text that are searched between two steps of the pace.
constexpr size_t kSearchedAtOnceBytes = 64 * 1024;

size_t character_size(std::string_view text, size_t at) {
  if (at >= text.size()) return 0;
  const auto lead = static_cast<uint8_t>(text[at]);
  const size_t size = lead < 0xc0 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  return std::min(size, text.size() - at);
}

}  // namespace

void TextRedactor::append_mask(std::string_view match, ReservedText& into) const {
  if (has_plain_mask_) return into.append(kPlainMask);
  work_.pace.step(kHashUnits + match.size());
  into.append(hash_in_hex(options_, match));
}

std::optional<TextRedactor::Match> TextRedactor::find(const BlockedValue& blocked,
                                                      std::string_view text, size_t from) const {
  if (blocked.sequences) {
    if (text.size() - from <= kSearchedAtOnceBytes) {
      work_.pace.step(kMatchUnits + text.size() - from);
      return blocked.sequences->find(text, from);
    }
    for (size_t at = from; at < text.size(); at += kSearchedAtOnceBytes) {
      work_.pace.step(kMatchUnits + std::min(kSearchedAtOnceBytes, text.size() - at));
      const auto match = blocked.sequences->find(text, at, at + kSearchedAtOnceBytes);
      if (match) return match;
    }
    return std::nullopt;
  }
  work_.pace.step(kMatchUnits + text.size() - from);
  const int first = blocked.first_byte;
  if (first >= 0 && text.find(static_cast<char>(first), from) == text.npos) return std::nullopt;
  const re2::StringPiece piece(text.data(), text.size());
  re2::StringPiece match;
  if (!blocked.pattern->Match(piece, from, text.size(), re2::RE2::UNANCHORED, &match, 1)) {
    return std::nullopt;
  }
  return Match{static_cast<size_t>(match.data() - piece.data()), match.size()};
}

void TextRedactor::replace_matches(const BlockedValue& blocked, std::string_view text, Match match,
                                   ReservedText& into) {
  into.clear();
  size_t search_at = 0;
  size_t done = 0;
  while (!into.failed()) {
    const size_t begin = match.begin;
    const size_t end = begin + match.size;
    if (begin > done) into.append(text.substr(done, begin - done));
    // An empty match directly behind another match is none.
    if (end > done || begin == 0) append_mask(text.substr(begin, match.size), into);
    done = end;
    // A search from the same place would find an empty match again.
    if (blocked.may_be_empty) search_at += std::max<size_t>(character_size(text, search_at), 1);
    search_at = std::max(end, search_at);
    if (search_at > text.size() || (search_at == text.size() && !blocked.may_be_empty)) break;
    const std::optional<Match> next = find(blocked, text, search_at);
    if (!next) break;
    match = *next;
  }
  if (done < text.size()) into.append(text.substr(done));
}

bool TextRedactor::finds_allowed(std::string_view text) {
  work_.pace.step(text.size());
  return item_match::any_finds(options_.allowed_values, text);
}

std::optional<std::string_view> TextRedactor::redact(std::string_view text) {
  const auto& blocked_values = options_.blocked_values;
  // One search for all patterns, unless the text before suggests that one of them finds something.
  const bool searches_all = !had_match_ && blocked_values.size() > 1;
  if (searches_all && options_.any_blocked_value != nullptr) {
    work_.pace.step(text.size());
    if (!options_.finds_blocked_value(text)) return std::nullopt;
  }
  had_match_ = false;
  std::string_view now = text;
  for (const BlockedValue& blocked : blocked_values) {
    const std::optional<Match> match = find(blocked, now, 0);
    if (!match) continue;
    had_match_ = true;
    // Often the text is nothing else.
    if (match->size == now.size() && match->size != 0 && has_plain_mask_) {
      now = kPlainMask;
      continue;
    }
    ReservedText& next = texts_[1 - current_];
    replace_matches(blocked, now, *match, next);
    current_ = 1 - current_;
    now = next.view();
  }
  if (now == text) return std::nullopt;
  return now;
}

std::string_view TextRedactor::mask_all(std::string_view text) {
  texts_[0].clear();
  while (true) {
    const size_t end = text.find('\n');
    append_mask(text.substr(0, end), texts_[0]);
    if (end == std::string_view::npos) break;
    texts_[0].append('\n');
    text.remove_prefix(end + 1);
  }
  return texts_[0].view();
}

}  // namespace millrace::processors::redaction
