// The daemon's ropes as the public Batch.
#pragma once

#include <cstdint>
#include <memory>

#include "base/bytes.h"
#include "base/signal.h"
#include "millrace/exporter.h"

namespace millrace::library {

// Its receivers share it for as long as they keep it; it keeps the bytes' chunks alive.
v1::BatchRef make_shared_batch(Signal signal, uint32_t item_count, Rope bytes);

}  // namespace millrace::library
