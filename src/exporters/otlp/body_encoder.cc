#include "exporters/otlp/body_encoder.h"

#include <string>
#include <utility>

#include "json_request/json_request.h"
#include "memory/work.h"
#include "otlp/json/encode.h"

namespace millrace::exporters {
BodyEncoder::BodyEncoder(Encoding encoding, compress::Coding coding, int compression_level,
                         Budget& budget, io::LongWork* long_work)
    : encoding_(encoding),
      compression_level_(compression_level),
      budget_(budget),
      long_work_(long_work),
      compressor_(coding, compression_level) {}

Result<BodyEncoder::Body> BodyEncoder::encode(Signal signal, const Rope& request, Pace& pace) {
  Body body;
  if (encoding_ == Encoding::kProto) {
    body.bytes = request;
  } else {
    const Status written = long_work_ == nullptr
                               ? write_json(signal, request, pace, body)
                               : write_json_in_chunks(signal, request, pace, body);
    if (!written) return fail(written.error());
  }
  if (compressor_.coding() == compress::Coding::kIdentity) return body;
  return compress(std::move(body), pace);
}

Status BodyEncoder::write_json(Signal signal, const Rope& request, Pace& pace, Body& body) {
  std::string text;
  const Bytes message = request.to_bytes();
  const auto encoded = otlp::json::encode_request(signal, message.view(), &text, &pace);
  if (!encoded) return fail(encoded.error());
  body.memory = Reservation::make_beyond(budget_, MemoryTerm::kEncoded, text.size());
  body.bytes.append(Bytes::copy_of(text));
  return {};
}

Status BodyEncoder::write_json_in_chunks(Signal signal, const Rope& request, Pace& pace,
                                         Body& body) {
  Work work{long_work_->work().pool, pace};
  Result<Rope> text = encode_as_json(signal, request, work, "encoding as JSON");
  if (!text) return fail(text.error());
  body.bytes = std::move(*text);
  return {};
}

// Returns `plain` when there is no memory for the compressed form.
Result<BodyEncoder::Body> BodyEncoder::compress(Body plain, Pace& pace) {
  // The output, and a copy of it that has just its size; short ones are within what the
  // compressor keeps.
  const size_t plain_size = plain.bytes.size();
  Reservation memory =
      Reservation::try_make(budget_, MemoryTerm::kEncoded,
                            plain_size > compress::kCompressorBytes ? 2 * plain_size : plain_size);
  if (!memory) return plain;
  // While a suspended batch has the compressor, another one makes one of its own.
  const bool is_own = std::exchange(compressor_in_use_, true);
  std::unique_ptr<compress::Compressor> own;
  Reservation own_memory;
  if (is_own) {
    own_memory = Reservation::try_make(budget_, MemoryTerm::kEncoded, compress::kCompressorBytes);
    if (!own_memory) return plain;
    own = std::make_unique<compress::Compressor>(compressor_.coding(), compression_level_);
  }
  Result<Bytes> compressed = (is_own ? *own : compressor_).compress(plain.bytes, pace);
  if (!is_own) compressor_in_use_ = false;
  if (!compressed) return fail(compressed.error());
  memory.shrink(compressed->size());
  return Body{Rope(std::move(*compressed)), compressor_.coding(), std::move(memory)};
}

}  // namespace millrace::exporters
