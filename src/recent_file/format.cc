#include "recent_file/format.h"

#include <algorithm>

#include "base/bytes.h"
#include "segment_log/crc32c.h"
#include "segment_log/fields.h"
#include "wire/utf8.h"

namespace millrace::recent_file {
namespace {

using segment_log::crc32c;
using segment_log::FieldReader;
using segment_log::FieldWriter;
using segment_log::get_at;
using segment_log::put_at;

constexpr size_t kPrefixCrcAt = 20;

int64_t nanoseconds_of(WallTime time) { return time.time_since_epoch() / 1ns; }

void put_sized(FieldWriter& fields, std::string_view text) {
  fields.put(static_cast<uint32_t>(text.size()));
  fields.put_text(text);
}

std::string get_sized(FieldReader& fields) {
  return std::string(fields.get_text(fields.get<uint32_t>()));
}

uint32_t crc_of(std::span<const uint8_t, kRequestHeadBytes> head, std::span<const uint8_t> body) {
  uint32_t crc = segment_log::crc32c_add(segment_log::kCrc32cStart, head.subspan<4>());
  return segment_log::crc32c_finish(segment_log::crc32c_add(crc, body));
}

}  // namespace

std::string encode_head(const FileHead& head) {
  FieldWriter body;
  body.put(static_cast<uint64_t>(nanoseconds_of(head.started_at)));
  body.put(head.redaction_hash);
  put_sized(body, head.instance_id);
  body.put(static_cast<uint32_t>(head.pipelines.size()));
  for (const std::string& pipeline : head.pipelines) put_sized(body, pipeline);
  FieldWriter whole;
  whole.put_text(as_text(kMagic));
  whole.put(kVersion);
  whole.put(uint16_t{0});
  whole.put(static_cast<uint32_t>(body.bytes().size()));
  whole.put(crc32c(body.bytes()));
  whole.put(crc32c(whole.bytes()));
  whole.put_text(as_text(body.bytes()));
  return whole.take();
}

std::optional<HeadPrefix> decode_prefix(std::span<const uint8_t, kHeadPrefixBytes> bytes) {
  if (!std::ranges::equal(bytes.first<kMagic.size()>(), kMagic)) return std::nullopt;
  if (get_at<uint32_t>(&bytes[kPrefixCrcAt]) != crc32c(bytes.first<kPrefixCrcAt>())) {
    return std::nullopt;
  }
  return HeadPrefix{.version = get_at<uint16_t>(&bytes[8]),
                    .body_bytes = get_at<uint32_t>(&bytes[12]),
                    .body_crc = get_at<uint32_t>(&bytes[16])};
}

std::optional<FileHead> decode_head(const HeadPrefix& prefix, std::span<const uint8_t> body) {
  if (prefix.version != kVersion || crc32c(body) != prefix.body_crc) return std::nullopt;
  FieldReader fields(body);
  FileHead head;
  head.started_at =
      WallTime(std::chrono::nanoseconds(static_cast<int64_t>(fields.get<uint64_t>())));
  head.redaction_hash = fields.get<uint64_t>();
  head.instance_id = get_sized(fields);
  bool are_texts = wire::is_utf8(head.instance_id);
  for (auto left = fields.get<uint32_t>(); left != 0 && fields.ok(); --left) {
    head.pipelines.push_back(get_sized(fields));
    are_texts = are_texts && wire::is_utf8(head.pipelines.back());
  }
  if (!fields.at_end() || !are_texts) return std::nullopt;
  return head;
}

std::array<uint8_t, kRequestHeadBytes> encode_request_head(const RequestHead& head,
                                                           std::span<const uint8_t> body) {
  std::array<uint8_t, kRequestHeadBytes> bytes{};
  put_at(&bytes[4], static_cast<uint32_t>(body.size()));
  bytes[8] = static_cast<uint8_t>(index_of(head.signal));
  put_at(&bytes[10], head.pipeline);
  put_at(&bytes[12], head.item_count);
  put_at(&bytes[16], static_cast<uint64_t>(nanoseconds_of(head.received_at)));
  put_at(&bytes[0], crc_of(bytes, body));
  return bytes;
}

std::optional<RequestHead> decode_request_head(std::span<const uint8_t, kRequestHeadBytes> bytes) {
  const size_t signal = bytes[8];
  const auto body_bytes = get_at<uint32_t>(&bytes[4]);
  if (signal >= kSignalCount || bytes[9] != 0 || body_bytes == 0) return std::nullopt;
  return RequestHead{
      .crc = get_at<uint32_t>(&bytes[0]),
      .body_bytes = body_bytes,
      .signal = kSignals[signal],
      .pipeline = get_at<uint16_t>(&bytes[10]),
      .item_count = get_at<uint32_t>(&bytes[12]),
      .received_at =
          WallTime(std::chrono::nanoseconds(static_cast<int64_t>(get_at<uint64_t>(&bytes[16]))))};
}

bool is_crc_right(std::span<const uint8_t, kRequestHeadBytes> head, std::span<const uint8_t> body) {
  return get_at<uint32_t>(head.data()) == crc_of(head, body);
}

}  // namespace millrace::recent_file
