// Presents the daemon's ropes as public Batches.
#pragma once

#include <cstdint>
#include <memory>

#include "base/bytes.h"
#include "base/signal.h"
#include "millrace/exporter.h"

namespace millrace::library {

// The result is shared by the exporters that keep it; it keeps the bytes' chunks alive.
v1::BatchRef make_shared_batch(Signal signal, uint32_t item_count, Rope bytes);

}  // namespace millrace::library
