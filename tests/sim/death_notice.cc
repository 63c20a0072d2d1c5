#include "tests/sim/death_notice.h"

#include <sys/time.h>

#include <csignal>
#include <cstdio>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define MILLRACE_SIM_ASAN 1
#include <sanitizer/common_interface_defs.h>
#endif
#endif

namespace millrace::sim_test {
namespace {

// Seconds of processor time. A seed takes a hundredth of a second, with sanitizers a few seconds.
constexpr time_t kSeedMax = 300;

volatile uint64_t current_seed = 0;
const char* current_option = "";

void tell_seed() {
  std::fprintf(stderr, "seed %llu died; again with: build/asan/millrace-sim%s --seed %llu\n",
               static_cast<unsigned long long>(current_seed), current_option,
               static_cast<unsigned long long>(current_seed));
}

void tell_and_die(int signal) {
  tell_seed();
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

}  // namespace

void print_seed_at_death(const char* option) {
  current_option = option;
#ifdef MILLRACE_SIM_ASAN
  __sanitizer_set_death_callback(tell_seed);
#endif
  std::signal(SIGABRT, tell_and_die);
  std::signal(SIGVTALRM, tell_and_die);
}

void set_current_seed(uint64_t seed) {
  current_seed = seed;
  itimerval limit{};
  limit.it_value.tv_sec = kSeedMax;
  setitimer(ITIMER_VIRTUAL, &limit, nullptr);
}

}  // namespace millrace::sim_test
