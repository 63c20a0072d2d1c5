#include "span_output/span_groups.h"

#include <algorithm>

#include "wire/protobuf.h"

namespace millrace::span_output {
namespace {

using wire::WireType;

constexpr uint32_t kResourceSpansOfRequest = 1;
constexpr uint32_t kScopeSpansOfResourceSpans = 2;

}  // namespace

SpanGroups::SpanGroups(Work& work, size_t bytes_max)
    : work_(work),
      heads_(work, bytes_max),
      spans_(work, bytes_max),
      whole_(work, bytes_max),
      heads_out_(heads_, guesses_, work.pace),
      spans_out_(spans_, guesses_, work.pace),
      whole_out_(whole_, guesses_, work.pace),
      entries_(work.pool.budget()) {}

std::string_view SpanGroups::resource_of(const Head& head) {
  return {reinterpret_cast<const char*>(heads_.data()) + head.offset, head.resource_size};
}
std::string_view SpanGroups::scope_of(const Head& head) {
  return {reinterpret_cast<const char*>(heads_.data()) + head.offset + head.resource_size,
          head.scope_size};
}
bool SpanGroups::same_resource(const Head& a, const Head& b) {
  return (a.offset == b.offset && a.resource_size == b.resource_size) ||
         resource_of(a) == resource_of(b);
}
bool SpanGroups::same_scope(const Head& a, const Head& b) {
  return (a.offset == b.offset && a.scope_size == b.scope_size) || scope_of(a) == scope_of(b);
}

SpanGroups::Head SpanGroups::end_head() {
  Head head{.offset = head_begin_,
            .resource_size = static_cast<uint32_t>(resource_end_ - head_begin_),
            .scope_size = static_cast<uint32_t>(heads_out_.offset() - resource_end_)};
  heads_out_.sync();
  if (entries_.items().empty()) return head;
  const Head& last = entries_.items().back().head;
  if (same_resource(head, last) && same_scope(head, last)) {
    heads_out_.truncate(head.offset);
    return last;
  }
  return head;
}

bool SpanGroups::end_span(const Head& head) {
  const size_t size = spans_out_.offset() - span_begin_;
  spans_out_.sync();
  return entries_.push(
      {.head = head, .span_offset = span_begin_, .span_size = static_cast<uint32_t>(size)});
}

void SpanGroups::sort() {
  std::ranges::sort(entries_.items(), [this](const Entry& a, const Entry& b) {
    work_.pace.step(8 + std::min(a.head.resource_size, b.head.resource_size) / 16);
    if (a.head.offset != b.head.offset) {
      const int by_resource = resource_of(a.head).compare(resource_of(b.head));
      if (by_resource != 0) return by_resource < 0;
      const int by_scope = scope_of(a.head).compare(scope_of(b.head));
      if (by_scope != 0) return by_scope < 0;
    }
    return a.span_offset < b.span_offset;
  });
}

void SpanGroups::copy(ChunkBuffer& from, size_t offset, size_t size) {
  work_.pace.step(8 + size / 8);
  whole_out_.bytes(from.data() + offset, size);
}

// Precondition: sorted. Sizes are known before anything is written, so nothing moves.
bool SpanGroups::write_all() {
  const std::vector<Entry>& entries = entries_.items();
  const auto end_of = [&](size_t begin, auto same) {
    size_t end = begin + 1;
    while (end < entries.size() && same(entries[begin].head, entries[end].head)) ++end;
    return end;
  };
  const auto by_resource = [this](const Head& a, const Head& b) { return same_resource(a, b); };
  const auto by_both = [this](const Head& a, const Head& b) {
    return same_resource(a, b) && same_scope(a, b);
  };
  const auto scope_spans_size = [&](size_t begin, size_t end) {
    size_t size = entries[begin].head.scope_size;
    for (size_t i = begin; i < end; ++i) size += entries[i].span_size;
    return size;
  };
  for (size_t begin = 0; begin < entries.size();) {
    const size_t end = end_of(begin, by_resource);
    size_t size = entries[begin].head.resource_size;
    for (size_t at = begin; at < end;) {
      const size_t next = end_of(at, by_both);
      size += wire::len_field_size(kScopeSpansOfResourceSpans, scope_spans_size(at, next));
      at = next;
    }
    if (!whole_out_.need(size + 16)) return false;
    whole_out_.tag(kResourceSpansOfRequest, WireType::kLen);
    whole_out_.varint(size);
    copy(heads_, entries[begin].head.offset, entries[begin].head.resource_size);
    for (size_t at = begin; at < end;) {
      const size_t next = end_of(at, by_both);
      whole_out_.tag(kScopeSpansOfResourceSpans, WireType::kLen);
      whole_out_.varint(scope_spans_size(at, next));
      const Head& head = entries[at].head;
      copy(heads_, head.offset + head.resource_size, head.scope_size);
      for (; at < next; ++at) copy(spans_, entries[at].span_offset, entries[at].span_size);
    }
    begin = end;
  }
  whole_out_.sync();
  return true;
}

bool SpanGroups::finish(Bytes* into) {
  if (entries_.items().empty()) return true;
  sort();
  if (!write_all()) return false;
  *into = whole_.finish();
  return true;
}

}  // namespace millrace::span_output
