// Guesses the signal of an Export…ServiceRequest from its bytes, because length-prefixed
// protobuf does not name it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "base/signal.h"

namespace millrace::replay {

// Returns the signal whose messages explain most of the bytes: the fewest bytes are in fields that
// it does not have, that have another wire type, ids of a wrong length or strings that are not
// text. Nothing when two signals fit equally (as for requests without items). Thread safe. Cost: a
// walk for each signal.
std::optional<Signal> guess_signal(std::span<const uint8_t> request);

}  // namespace millrace::replay
