#include "transport/server/refusal_replies.h"

#include <string>

namespace millrace::transport {

Reply too_large_reply(size_t size, size_t size_max) {
  Reply reply;
  reply.code = Code::kResourceExhausted;
  reply.message = "the message is too large: " + std::to_string(size) + " bytes, allowed are " +
                  std::to_string(size_max);
  reply.too_large = true;
  return reply;
}

Reply too_large_inflated_reply(size_t size_max) {
  Reply reply;
  reply.code = Code::kResourceExhausted;
  reply.message = "the message is too large: more than the allowed " + std::to_string(size_max) +
                  " bytes after decompression";
  reply.too_large = true;
  return reply;
}

Reply no_memory_reply(Duration retry_after) {
  Reply reply;
  reply.code = Code::kUnavailable;
  reply.message = "over the memory budget, try again later";
  reply.retry_after = retry_after;
  return reply;
}

}  // namespace millrace::transport
