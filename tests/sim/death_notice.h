// Prints the current seed when the process ends early: by a failed check, a sanitizer, or a
// seed that takes too long.
#pragma once

#include <cstdint>

namespace millrace::sim_test {

// Call once at the start. `option` selects the kind of seed on the command line; a literal.
void print_seed_at_death(const char* option);
// Sets the current seed.
void set_current_seed(uint64_t seed);

}  // namespace millrace::sim_test
