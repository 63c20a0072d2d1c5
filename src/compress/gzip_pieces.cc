#include "compress/gzip_pieces.h"

#include <isa-l/igzip_lib.h>

#include <array>

#include "base/allocation_name.h"

namespace millrace::compress {
namespace {

constexpr size_t kStepBytes = 16 << 10;

}  // namespace

struct GzipPieces::Context {
  isal_zstream stream;
  std::array<uint8_t, ISAL_DEF_LVL1_DEFAULT> level_buffer;
  std::array<uint8_t, kStepBytes> out;
};

GzipPieces::GzipPieces() {
  static_assert(sizeof(Context) <= kContextBytes);
  const AllocationName name("constant compressor", kContextBytes);
  context_ = std::make_unique_for_overwrite<Context>();
  isal_zstream& stream = context_->stream;
  isal_deflate_init(&stream);
  stream.level = 1;
  stream.level_buf = context_->level_buffer.data();
  stream.level_buf_size = ISAL_DEF_LVL1_DEFAULT;
  stream.gzip_flag = IGZIP_GZIP;
  stream.flush = NO_FLUSH;
}
GzipPieces::~GzipPieces() = default;

Status GzipPieces::add(std::string_view plain, End end, std::string& into) {
  const AllocationName name("term answers");
  isal_zstream& stream = context_->stream;
  stream.next_in = reinterpret_cast<uint8_t*>(const_cast<char*>(plain.data()));
  stream.avail_in = static_cast<uint32_t>(plain.size());
  stream.end_of_stream = end == End::kLast ? 1 : 0;
  do {
    stream.next_out = context_->out.data();
    stream.avail_out = kStepBytes;
    if (isal_deflate(&stream) != COMP_OK) return fail(Code::kInternal, "isal_deflate failed");
    into.append(reinterpret_cast<const char*>(context_->out.data()), kStepBytes - stream.avail_out);
  } while (stream.avail_out == 0);
  return {};
}

}  // namespace millrace::compress
