// Each kind of body: what decodes is encoded and decodes as the same; names of files too. The first
// byte chooses the kind, the second is the header's count.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "base/check.h"
#include "base/testing/fuzz_input.h"
#include "segment_log/format.h"

namespace {

using namespace millrace;
using namespace millrace::segment_log;

bool same(const NamedTarget& a, const NamedTarget& b) {
  return a.id == b.id && a.name.signal == b.name.signal && a.name.pipeline == b.name.pipeline &&
         a.name.destination == b.name.destination;
}

void check_targets(std::span<const uint8_t> body, uint32_t count) {
  const auto targets = decode_target_table(body, count);
  if (!targets) return;
  MILLRACE_CHECK(targets->size() <= count);
  const std::string bytes = encode_target_table(*targets);
  const auto again = decode_target_table(as_span(bytes), static_cast<uint32_t>(targets->size()));
  MILLRACE_CHECK(again && std::ranges::equal(*targets, *again, same));
}

void check_summary(std::span<const uint8_t> body, uint32_t count) {
  const auto entries = decode_summary(body, count);
  if (!entries) return;
  const std::string bytes = encode_summary(*entries);
  const auto again = decode_summary(as_span(bytes), static_cast<uint32_t>(entries->size()));
  MILLRACE_CHECK(again && std::ranges::equal(*entries, *again, [](const auto& a, const auto& b) {
                   return same(a.target, b.target) && a.wanted == b.wanted;
                 }));
}

void check_ranges(std::span<const uint8_t> body, uint32_t count) {
  const auto ranges = decode_done_ranges(body, count);
  if (!ranges) return;
  const std::string bytes = encode_done_ranges(*ranges);
  MILLRACE_CHECK(decode_done_ranges(as_span(bytes), static_cast<uint32_t>(ranges->size())) ==
                 ranges);
}

// Against the bits, one by one.
void check_bitmap(std::span<const uint8_t> body, uint32_t count) {
  BlockHeader header;
  header.kind = BlockKind::kDoneBitmap;
  header.targets = 4;
  header.id = 1000;
  header.count = count;
  const auto ranges = decode_done_bitmap(header, body);
  MILLRACE_CHECK(ranges.has_value() == (count <= body.size() * 8));
  if (!ranges) return;
  std::string bits(count, '0');
  for (const DoneRange& range : *ranges) {
    MILLRACE_CHECK(range.target == 2 && range.first >= 1000 && range.count > 0);
    MILLRACE_CHECK(range.first - 1000 + range.count <= count);
    for (uint32_t i = 0; i < range.count; ++i) bits[range.first - 1000 + i] = '1';
  }
  for (uint32_t i = 0; i < count; ++i) {
    MILLRACE_CHECK((bits[i] == '1') == ((body[i / 8] >> (i % 8) & 1) != 0));
  }
}

void check_rest(std::span<const uint8_t> body, uint32_t count) {
  if (const auto metadata = decode_metadata(body)) {
    const std::string bytes = encode_metadata(*metadata);
    MILLRACE_CHECK(bytes == as_text(body) && bytes.size() == encoded_metadata_bytes(*metadata));
  }
  if (const auto entries = decode_index(body, count)) {
    MILLRACE_CHECK(entries->size() == count);
    const std::string bytes = encode_index(*entries);
    MILLRACE_CHECK(decode_index(as_span(bytes), count) == entries);
  }
  if (const auto trailer = decode_trailer(body)) {
    MILLRACE_CHECK(encode_trailer(*trailer) == as_text(body));
  }
  if (const auto name = parse_segment_file_name(as_text(body))) {
    MILLRACE_CHECK(segment_file_name(*name) == as_text(body));
  }
  if (body.size() >= kHeaderBytes) {
    if (const auto header = decode_header(body)) {
      uint8_t bytes[kHeaderBytes];
      encode_header(*header, bytes);
      const auto again = decode_header(bytes);
      MILLRACE_CHECK(again && again->id == header->id && again->targets == header->targets);
      MILLRACE_CHECK(again->body_bytes == header->body_bytes && again->time == header->time);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  testing::FuzzInput input(data, size);
  const size_t kind = input.choice(5);
  const uint32_t count = input.byte();
  const std::span<const uint8_t> body = input.rest();
  if (kind == 0) check_targets(body, count);
  if (kind == 1) check_summary(body, count);
  if (kind == 2) check_ranges(body, count);
  if (kind == 3) check_bitmap(body, count);
  if (kind == 4) check_rest(body, count);
  return 0;
}
