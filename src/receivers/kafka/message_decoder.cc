#include "receivers/kafka/message_decoder.h"

#include <cstring>
#include <string_view>
#include <utility>

#include "memory/chunk_buffer.h"
#include "otlp/admit.h"
#include "otlp/rope_writer.h"
#include "wire/protobuf.h"

namespace millrace::receivers::kafka {
namespace {

constexpr std::string_view kDoing = "reading a Kafka message";

// LogRecord
constexpr uint32_t kBody = 5;
constexpr uint32_t kObservedTime = 11;
// AnyValue
constexpr uint32_t kStringValue = 1;
constexpr uint32_t kBytesValue = 7;
// Of a request, of ResourceLogs, of ScopeLogs.
constexpr uint32_t kResourceLogs = 1;
constexpr uint32_t kScopeLogs = 2;
constexpr uint32_t kLogRecords = 2;

void write_time(WallTime now, otlp::RopeWriter& out) {
  uint8_t field[wire::kVarintBytesMax + sizeof(uint64_t)];
  uint8_t* const at =
      wire::write_varint(field, wire::make_tag(kObservedTime, wire::WireType::kI64));
  const auto time = static_cast<uint64_t>(now.time_since_epoch().count());
  std::memcpy(at, &time, sizeof time);
  out.write({field, static_cast<size_t>(at - field) + sizeof time});
}

// One log record whose body is the message.
Result<Bytes> wrap(const Bytes& message, bool is_text, WallTime now, Work& work) {
  otlp::RopeWriter out(work, SIZE_MAX, kDoing);
  const size_t expected = message.size() + 32;
  const auto resource = out.open(kResourceLogs, expected);
  const auto scope = out.open(kScopeLogs, expected);
  const auto record = out.open(kLogRecords, expected);
  const auto body = out.open(kBody, expected);
  out.write_len_prefix(is_text ? kStringValue : kBytesValue, message.size());
  out.write(message.view());
  out.close(body);
  write_time(now, out);
  out.close(record);
  out.close(scope);
  out.close(resource);
  Result<Rope> rope = out.finish();
  if (!rope) return fail(rope.error());
  otlp::RopeWriter memory(work, 0, kDoing);
  std::optional<Bytes> bytes = memory.join(*rope);
  if (!bytes) return fail(no_memory(kDoing, rope->size(), work.pool.budget()));
  return *std::move(bytes);
}

}  // namespace

Result<Bytes> MessageDecoder::copy(std::span<const uint8_t> message, ChunkPool& pool) {
  if (message.empty()) return Bytes();
  ChunkBuffer buffer(pool, message.size());
  if (buffer.make_room(message.size()) != ChunkBuffer::Room::kOk) {
    return fail(no_memory(kDoing, message.size(), pool.budget()));
  }
  std::memcpy(buffer.data(), message.data(), message.size());
  buffer.note_written(message.size());
  return buffer.finish();
}

Result<MessageDecoder::Decoded> MessageDecoder::decode(Signal signal, Encoding encoding,
                                                       const Bytes& message, WallTime now,
                                                       Work& work) {
  Result<Bytes> request = message;
  if (encoding == Encoding::kJson) {
    request = json_.decode_request(signal, message, work, work.pool.budget().limit_of_messages());
  } else if (encoding != Encoding::kProto) {
    request = wrap(message, encoding == Encoding::kText, now, work);
  }
  if (!request) return fail(request.error());
  const auto admitted = otlp::admit(signal, request->view(),
                                    {.pace = work.pace.may_suspend() ? &work.pace : nullptr});
  if (!admitted) return fail(admitted.error().to_error());
  return Decoded{.request = *std::move(request), .item_count = admitted->item_count};
}

}  // namespace millrace::receivers::kafka
