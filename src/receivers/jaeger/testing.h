// Translates a body in one go, with a budget of its own; for tests and fuzz targets.
#pragma once

#include <string_view>

#include "base/check.h"
#include "memory/chunk_pool.h"
#include "receivers/jaeger/translate.h"

namespace millrace::receivers::jaeger::testing {

inline Result<Bytes> translate_text(Format format, std::string_view body,
                                    size_t bytes_max = 16 << 20, size_t budget_bytes = 64 << 20) {
  Budget budget(budget_bytes);
  Result<Bytes> copy = Bytes();
  {
    ChunkPool pool(budget, 0);
    Pace pace;
    Work work{pool, pace};
    Result<Bytes> translated = translate(format, as_span(body), work, bytes_max);
    copy = translated ? Result<Bytes>(Bytes::copy_of(translated->view()))
                      : Result<Bytes>(fail(translated.error()));
  }
  MILLRACE_CHECK(budget.used() == 0);  // everything was given back
  return copy;
}

}  // namespace millrace::receivers::jaeger::testing
