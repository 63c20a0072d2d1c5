#include "recent_file/file_reader.h"

#include <array>
#include <utility>
#include <vector>

#include "base/allocation_name.h"
#include "otlp/admit.h"

namespace millrace::recent_file {

Result<FileReader::Head> FileReader::read_head() {
  std::array<uint8_t, kHeadPrefixBytes> prefix_bytes{};
  const Result<size_t> read = file_.read_at(0, prefix_bytes);
  if (!read) return fail(read.error());
  if (*read < kHeadPrefixBytes) return Head::kEmpty;
  const auto prefix = decode_prefix(prefix_bytes);
  if (!prefix) return Head::kForeign;
  version_ = prefix->version;
  if (prefix->version != kVersion) return Head::kOtherVersion;
  if (prefix->body_bytes == 0 || prefix->body_bytes > kHeadBodyBytesMax) return Head::kForeign;
  if (kHeadPrefixBytes + prefix->body_bytes > bytes_) return Head::kEmpty;
  std::vector<uint8_t> body(prefix->body_bytes);
  const Result<size_t> body_read = file_.read_at(kHeadPrefixBytes, body);
  if (!body_read) return fail(body_read.error());
  if (*body_read < body.size()) return Head::kEmpty;
  auto head = decode_head(*prefix, body);
  if (!head) return Head::kForeign;
  head_ = *std::move(head);
  offset_ = kHeadPrefixBytes + prefix->body_bytes;
  return Head::kRead;
}

Result<FileReader::Next> FileReader::read_one(Request& into) {
  std::array<uint8_t, kRequestHeadBytes> head_bytes{};
  if (bytes_ - offset_ < kRequestHeadBytes) return Next::kEnd;
  const Result<size_t> head_read = file_.read_at(offset_, head_bytes);
  if (!head_read) return fail(head_read.error());
  if (*head_read < kRequestHeadBytes) return Next::kEnd;
  const auto head = decode_request_head(head_bytes);
  const uint64_t left = bytes_ - offset_ - kRequestHeadBytes;
  if (!head || head->body_bytes > left || head->pipeline >= head_.pipelines.size()) {
    return Next::kEnd;
  }
  const uint64_t end = offset_ + kRequestHeadBytes + head->body_bytes;
  into.memory = head->body_bytes > body_bytes_max_
                    ? Reservation()
                    : Reservation::try_make(budget_, MemoryTerm::kRecent, head->body_bytes);
  if (!into.memory) {
    offset_ = end;
    return Next::kPassedOver;
  }
  const AllocationName name("term recent");
  Chunk* const chunk = allocate_chunk(head->body_bytes);
  into.bytes = Bytes(ChunkRef::adopt(chunk), chunk->data(), head->body_bytes);
  const std::span<uint8_t> body(chunk->data(), head->body_bytes);
  const Result<size_t> body_read = file_.read_at(offset_ + kRequestHeadBytes, body);
  if (!body_read) return fail(body_read.error());
  if (*body_read < body.size() || !is_crc_right(head_bytes, body)) return Next::kEnd;
  offset_ = end;
  const auto admitted = otlp::admit(head->signal, into.bytes.view());
  if (!admitted) return Next::kPassedOver;
  into.head = *head;
  into.item_count = admitted->item_count;
  return Next::kKept;
}

Result<std::optional<FileReader::Request>> FileReader::next() {
  for (;;) {
    Request request;
    const Result<Next> read = read_one(request);
    if (!read) return fail(read.error());
    if (*read == Next::kKept) return request;
    if (*read == Next::kEnd) return std::optional<Request>();
    ++passed_over_count_;
  }
}

}  // namespace millrace::recent_file
