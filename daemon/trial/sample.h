// The sample of `millrace test`: the requests of one file, in any format that `millrace replay`
// reads (OTLP/JSON, lines of it, length-prefixed protobuf, dead letters).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/signal.h"

namespace millrace::trial {

struct SampleRequest {
  Signal signal = Signal::kTraces;
  Bytes bytes;  // an admitted Export…ServiceRequest
  uint32_t item_count = 0;
};

// `content` is that of the file `name`. Where it is one OTLP/JSON object it may have line ends in
// it. kInvalidArgument with the place of what is no request, or when there is no item.
Result<std::vector<SampleRequest>> parse_sample(const std::string& name, std::string_view content);

}  // namespace millrace::trial
