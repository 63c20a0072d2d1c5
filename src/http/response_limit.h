// The bounds on what a server may send in answer to one request, and on what it may make a client
// do besides. Each has a word for the counter; docs/security.md lists them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace millrace::http {

// Of one response: status line and fields, with those of the 1xx responses before it, as they are
// on the wire; over HTTP/2 each header block, inflated (names, values and 32 bytes a field).
inline constexpr size_t kResponseHeadBytesMax = 64 * 1024;
// Fields of one header block.
inline constexpr size_t kResponseFieldsMax = 1000;
// 1xx responses before the final one.
inline constexpr uint32_t kInterimResponsesMax = 16;
// HTTP/1.1: the line in front of a chunk, with its extensions.
inline constexpr size_t kChunkLineBytesMax = 1024;
// HTTP/1.1: what the lines of all chunks may have beyond 16 bytes and twice the chunk's data each.
inline constexpr size_t kChunkLinesExcessMax = 16 * 1024;
// HTTP/1.1: all trailers of a chunked body. HTTP/2: as any header block.
inline constexpr size_t kTrailerBytesMax = 16 * 1024;
// HTTP/2: frames that nghttp2 keeps for a peer that does not read, beyond two a stream.
inline constexpr size_t kQueuedFramesMax = 1000;

enum class ResponseLimit : uint8_t {
  kNone,
  kHead,         // kResponseHeadBytesMax, kResponseFieldsMax
  kInterim,      // kInterimResponsesMax
  kChunkLine,    // kChunkLineBytesMax, kChunkLinesExcessMax
  kTrailers,     // kTrailerBytesMax
  kBody,         // ClientOptions::response_bytes_max
  kMemory,       // the process's budget has no room for the body
  kFrames,       // http2_frame_allowance.h
  kUnreadOutput  // kQueuedFramesMax
};
inline constexpr size_t kResponseLimitCount = static_cast<size_t>(ResponseLimit::kUnreadOutput) + 1;

// The word for the counter.
constexpr std::string_view response_limit_name(ResponseLimit limit) {
  constexpr std::array<std::string_view, kResponseLimitCount> kNames = {
      "none",   "head",   "interim_responses", "chunk_line", "trailers", "body",
      "memory", "frames", "unread_output"};
  return kNames[static_cast<size_t>(limit)];
}

}  // namespace millrace::http
