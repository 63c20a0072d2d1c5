// Decompression never crashes, never passes its limit and gives its memory back; what the
// compressor wrote comes back as it was, through any way of decoding.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/check.h"
#include "compress/compressor.h"
#include "compress/decompressor.h"
#include "compress/deflate_stream.h"
#include "memory/testing/paced_work.h"

using namespace millrace;
using namespace millrace::compress;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  constexpr Coding kCodings[] = {Coding::kGzip, Coding::kDeflate, Coding::kZstd};
  constexpr Coding kSnappyCodings[] = {Coding::kSnappy, Coding::kSnappyFramed};
  const Coding coding = data[1] < 200 ? kCodings[data[0] % 3] : kSnappyCodings[data[1] % 2];
  const size_t limit = size_t{1} << (data[0] / 3 % 24);
  const int level = data[1] % 10;
  const std::span<const uint8_t> input(data + 2, size - 2);
  Budget budget(8 << 20);
  {
    ChunkPool pool(budget, 0);
    Decompressor decompressor;
    const Result<Bytes> out = decompressor.decompress(coding, input, pool, limit);
    testing::PacedWork paced(pool);
    const Result<Bytes> stepped = decompressor.decompress(coding, input, paced.work, limit);
    MILLRACE_CHECK(out.has_value() == stepped.has_value());
    if (out) {
      MILLRACE_CHECK(out->text() == stepped->text());
      MILLRACE_CHECK(out->size() <= limit);
      // A limit that just fits makes no difference, one byte less is too little.
      const Result<Bytes> exact = decompressor.decompress(coding, input, pool, out->size());
      MILLRACE_CHECK(exact.has_value() && exact->text() == out->text());
      if (!out->empty()) {
        const Result<Bytes> less = decompressor.decompress(coding, input, pool, out->size() - 1);
        MILLRACE_CHECK(!less && less.error().code == Code::kResourceExhausted);
      }
    }
    if (coding == Coding::kGzip || coding == Coding::kDeflate) {
      std::vector<uint8_t> room(2 * input.size() + 1024);
      const Result<size_t> written =
          DeflateStream(coding, std::max(1, level))
              .compress(Rope(Bytes::copy_of(input)), room, paced.work.pace);
      MILLRACE_CHECK(written.has_value());
      const Result<Bytes> plain =
          decompressor.decompress(coding, std::span(room).first(*written), pool, input.size());
      MILLRACE_CHECK(plain.has_value() && plain->text() == as_text(input));
    }
    const Result<Bytes> packed = Compressor(coding, level).compress(Rope(Bytes::copy_of(input)));
    MILLRACE_CHECK(packed.has_value());
    const Result<Bytes> again = decompressor.decompress(coding, packed->view(), pool, input.size());
    MILLRACE_CHECK(again.has_value() && again->text() == as_text(input));
  }
  MILLRACE_CHECK(budget.used() == 0);  // the chunk that outputs share goes with the pool
  return 0;
}
