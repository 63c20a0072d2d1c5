// Makes the body of one attempt: the batch's own bytes or OTLP/JSON, then compressed. Bodies are
// reserved as MemoryTerm::kEncoded until their Body is destroyed; JSON that is made in chunks is
// counted by its chunks.
//
// A batch must be able to leave a full process, so without memory for the compressed form the body
// stays uncompressed, and JSON, which has no other form, may pass the limit by kBeyondLimitBytes.
//
// Belongs to one loop. `pace` may suspend encode(); another call may run meanwhile.
#pragma once

#include <memory>

#include "base/bytes.h"
#include "base/pace.h"
#include "base/result.h"
#include "base/signal.h"
#include "compress/compressor.h"
#include "exporters/otlp/options.h"
#include "io/long_work.h"
#include "memory/budget.h"

namespace millrace::exporters {

class BodyEncoder {
 public:
  struct Body {
    Rope bytes;
    compress::Coding coding = compress::Coding::kIdentity;
    Reservation memory;  // none for the batch's own bytes, which are counted already
  };

  // `budget` and `long_work` (null: JSON is made in one piece) must outlive the encoder.
  BodyEncoder(Encoding encoding, compress::Coding coding, int compression_level, Budget& budget,
              io::LongWork* long_work);

  // Whether a body is the batch's own bytes, so that encode() costs nothing.
  bool is_identity() const {
    return encoding_ == Encoding::kProto && compressor_.coding() == compress::Coding::kIdentity;
  }
  // `request` is a valid request of `signal`. kUnavailable: no memory now; any other error is
  // final.
  Result<Body> encode(Signal signal, const Rope& request, Pace& pace);

 private:
  Status write_json(Signal signal, const Rope& request, Pace& pace, Body& body);
  Status write_json_in_chunks(Signal signal, const Rope& request, Pace& pace, Body& body);
  Result<Body> compress(Body plain, Pace& pace);

  const Encoding encoding_;
  const int compression_level_;
  Budget& budget_;
  io::LongWork* const long_work_;
  compress::Compressor compressor_;
  bool compressor_in_use_ = false;  // by a suspended call
};

}  // namespace millrace::exporters
