#include "transport/response_inflater.h"

#include <algorithm>
#include <string>

#include "compress/coding.h"

namespace millrace::transport {

ResponseInflater::ResponseInflater(size_t response_bytes_max)
    : response_bytes_max_(response_bytes_max),
      // Chunks are never smaller than the pooled size, and two live while one grows.
      budget_(4 * std::max(response_bytes_max, kPooledChunkBytes)) {}

Result<Bytes> ResponseInflater::inflate(std::string_view coding_name, std::string_view body) {
  const auto coding = compress::coding_from_name(coding_name);
  if (!coding) {
    return fail(Code::kUnimplemented, "unknown coding \"" + std::string(coding_name) + "\"");
  }
  if (pool_ == nullptr) pool_ = std::make_unique<ChunkPool>(budget_, 0);
  Result<Bytes> inflated =
      decompressor_.decompress(*coding, as_span(body), *pool_, response_bytes_max_);
  if (!inflated) return inflated;
  // The chunk is large and counted in a budget that ends with us; the answer may outlive it.
  return Bytes::copy_of(inflated->view());
}

}  // namespace millrace::transport
