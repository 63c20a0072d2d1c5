// Says which seed was being played when the process ends on the way: a failed check, a sanitizer, a
// seed that does not come to its end.
#pragma once

#include <cstdint>

namespace millrace::sim_test {

// Once, at the start. `option` is of the command that plays the seed again, and stays.
void tell_seed_at_death(const char* option);
// That one is played from now on.
void note_seed(uint64_t seed);

}  // namespace millrace::sim_test
