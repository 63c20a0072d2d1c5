#include "transport/client/response_inflater.h"

#include <algorithm>
#include <string>

#include "compress/coding.h"

namespace millrace::transport {
namespace {

// A response as small as this is not worth the chunk that it was inflated in.
constexpr size_t kCopiedBytesMax = 1024;

}  // namespace

ResponseInflater::ResponseInflater(size_t response_bytes_max, Budget* budget)
    : response_bytes_max_(response_bytes_max),
      // Chunks are never smaller than the pooled size, and two live while one grows.
      own_budget_(budget != nullptr ? nullptr
                                    : std::make_unique<Budget>(
                                          4 * std::max(response_bytes_max, kPooledChunkBytes))),
      budget_(budget != nullptr ? *budget : *own_budget_) {}

Result<Bytes> ResponseInflater::inflate(std::string_view coding_name, std::string_view body) {
  const auto coding = compress::coding_from_name(coding_name);
  if (!coding) {
    return fail(Code::kUnimplemented, "unknown coding \"" + std::string(coding_name) + "\"");
  }
  if (pool_ == nullptr) pool_ = std::make_unique<ChunkPool>(budget_, 0);
  Result<Bytes> inflated =
      decompressor_.decompress(*coding, as_span(body), *pool_, response_bytes_max_);
  if (!inflated) return inflated;
  // A chunk is large, and one of our own budget must not outlive us.
  if (own_budget_ != nullptr || inflated->size() <= kCopiedBytesMax) {
    return Bytes::copy_of(inflated->view());
  }
  return inflated;
}

}  // namespace millrace::transport
