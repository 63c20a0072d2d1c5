#include "receivers/zipkin/otlp_request.h"

#include <algorithm>

#include "receivers/zipkin/span_translation.h"
#include "wire/protobuf.h"

namespace millrace::receivers::zipkin {
namespace {

using otlp::json::Output;
using wire::WireType;

constexpr uint32_t kResourceSpansOfRequest = 1;
constexpr uint32_t kScopeSpansOfResourceSpans = 2;

}  // namespace

OtlpRequest::OtlpRequest(bool parse_string_tags, Arena& arena, Work& work, size_t bytes_max)
    : parse_string_tags_(parse_string_tags),
      arena_(arena),
      work_(work),
      heads_(work, bytes_max),
      spans_(work, bytes_max),
      whole_(work, bytes_max),
      heads_out_(heads_, guesses_, work.pace),
      spans_out_(spans_, guesses_, work.pace),
      whole_out_(whole_, guesses_, work.pace),
      entries_(work.pool.budget()) {}

std::string_view OtlpRequest::resource_of(const Entry& entry) {
  return {reinterpret_cast<const char*>(heads_.data()) + entry.head_offset, entry.resource_size};
}
std::string_view OtlpRequest::scope_of(const Entry& entry) {
  return {reinterpret_cast<const char*>(heads_.data()) + entry.head_offset + entry.resource_size,
          entry.scope_size};
}
bool OtlpRequest::same_resource(const Entry& a, const Entry& b) {
  return (a.head_offset == b.head_offset && a.resource_size == b.resource_size) ||
         resource_of(a) == resource_of(b);
}
bool OtlpRequest::same_scope(const Entry& a, const Entry& b) {
  return (a.head_offset == b.head_offset && a.scope_size == b.scope_size) ||
         scope_of(a) == scope_of(b);
}

bool OtlpRequest::no_room(const Output& out, Failure& failure) const {
  if (failure.kind == Failure::Kind::kNone) {
    failure.kind = out.room_failure() == ChunkBuffer::Room::kLimit ? Failure::Kind::kLimit
                                                                   : Failure::Kind::kMemory;
  }
  return false;
}

// Spans of one service mostly follow one another: their head is written once.
bool OtlpRequest::add_head(const Span& span, Entry& entry) {
  entry.head_offset = heads_out_.offset();
  if (!write_resource(span, heads_out_)) return false;
  entry.resource_size = static_cast<uint32_t>(heads_out_.offset() - entry.head_offset);
  if (!write_scope(span, heads_out_)) return false;
  entry.scope_size =
      static_cast<uint32_t>(heads_out_.offset() - entry.head_offset - entry.resource_size);
  heads_out_.sync();
  if (entries_.items().empty()) return true;
  const Entry& last = entries_.items().back();
  if (same_resource(entry, last) && same_scope(entry, last)) {
    heads_out_.truncate(entry.head_offset);
    entry.head_offset = last.head_offset;
  }
  return true;
}

bool OtlpRequest::take(Span& span, Failure& failure) {
  sort_tags(span, work_.pace);
  Entry entry;
  if (!add_head(span, entry)) return no_room(heads_out_, failure);
  entry.span_offset = spans_out_.offset();
  if (!write_span(span, parse_string_tags_, spans_out_, arena_, work_, failure)) {
    return no_room(spans_out_, failure);
  }
  entry.span_size = static_cast<uint32_t>(spans_out_.offset() - entry.span_offset);
  spans_out_.sync();
  if (entries_.push(entry)) return true;
  failure.kind = Failure::Kind::kMemory;
  return false;
}

void OtlpRequest::sort() {
  std::ranges::sort(entries_.items(), [this](const Entry& a, const Entry& b) {
    work_.pace.step(8);
    if (a.head_offset != b.head_offset) {
      const int by_resource = resource_of(a).compare(resource_of(b));
      if (by_resource != 0) return by_resource < 0;
      const int by_scope = scope_of(a).compare(scope_of(b));
      if (by_scope != 0) return by_scope < 0;
    }
    return a.span_offset < b.span_offset;
  });
}

void OtlpRequest::copy(ChunkBuffer& from, size_t offset, size_t size) {
  work_.pace.step(8 + size / 8);
  whole_out_.bytes(from.data() + offset, size);
}

// Precondition: sorted. Sizes are known before anything is written, so nothing moves.
bool OtlpRequest::write_all() {
  const std::vector<Entry>& entries = entries_.items();
  const auto end_of = [&](size_t begin, auto same) {
    size_t end = begin + 1;
    while (end < entries.size() && same(entries[begin], entries[end])) ++end;
    return end;
  };
  const auto by_resource = [this](const Entry& a, const Entry& b) { return same_resource(a, b); };
  const auto by_both = [this](const Entry& a, const Entry& b) {
    return same_resource(a, b) && same_scope(a, b);
  };
  const auto scope_spans_size = [&](size_t begin, size_t end) {
    size_t size = entries[begin].scope_size;
    for (size_t i = begin; i < end; ++i) size += entries[i].span_size;
    return size;
  };
  for (size_t begin = 0; begin < entries.size();) {
    const size_t end = end_of(begin, by_resource);
    size_t size = entries[begin].resource_size;
    for (size_t at = begin; at < end;) {
      const size_t next = end_of(at, by_both);
      size += wire::len_field_size(kScopeSpansOfResourceSpans, scope_spans_size(at, next));
      at = next;
    }
    if (!whole_out_.need(size + 16)) return false;
    whole_out_.tag(kResourceSpansOfRequest, WireType::kLen);
    whole_out_.varint(size);
    copy(heads_, entries[begin].head_offset, entries[begin].resource_size);
    for (size_t at = begin; at < end;) {
      const size_t next = end_of(at, by_both);
      whole_out_.tag(kScopeSpansOfResourceSpans, WireType::kLen);
      whole_out_.varint(scope_spans_size(at, next));
      copy(heads_, entries[at].head_offset + entries[at].resource_size, entries[at].scope_size);
      for (; at < next; ++at) copy(spans_, entries[at].span_offset, entries[at].span_size);
    }
    begin = end;
  }
  whole_out_.sync();
  return true;
}

bool OtlpRequest::finish(Bytes* into, Failure& failure) {
  if (entries_.items().empty()) return true;
  sort();
  if (!write_all()) return no_room(whole_out_, failure);
  *into = whole_.finish();
  return true;
}

}  // namespace millrace::receivers::zipkin
