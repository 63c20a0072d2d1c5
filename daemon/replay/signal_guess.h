// Which signal an Export…ServiceRequest is of, where nothing but its bytes can say: length-prefixed
// protobuf does not name it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "base/signal.h"

namespace millrace::replay {

// The one signal whose messages explain most of the bytes: least is left over in fields that it
// does not have, that have another wire type, ids of a wrong length or strings that are no text.
// Nothing when two leave equally little (requests without an item do). Thread safe. Cost: a walk
// for each signal.
std::optional<Signal> guess_signal(std::span<const uint8_t> request);

}  // namespace millrace::replay
