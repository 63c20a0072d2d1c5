// Random ids. Each thread has a generator in a page that the kernel wipes in a forked child: there
// it is seeded again and does not repeat its parent's ids.
#include <sys/mman.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include <cstring>

#include "base/random.h"
#include "millrace/value.h"

namespace millrace::library {
namespace {

struct Words {
  uint64_t seeded;  // 0: wiped, or never used
  uint64_t state[4];
};

void fill_from_kernel(void* into, size_t size) {
  auto* at = static_cast<uint8_t*>(into);
  while (size > 0) {
    const ssize_t count = ::getrandom(at, size, 0);
    if (count <= 0) {  // happens only early at boot; the clock is better than zeros
      timespec time;
      ::clock_gettime(CLOCK_MONOTONIC, &time);
      Random random(static_cast<uint64_t>(time.tv_nsec) ^ reinterpret_cast<uintptr_t>(into));
      for (; size > 0; --size) *at++ = static_cast<uint8_t>(random.next());
      return;
    }
    at += count;
    size -= static_cast<size_t>(count);
  }
}

class ThreadWords {
 public:
  ThreadWords() {
    void* page =
        ::mmap(nullptr, bytes(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) return;
    if (::madvise(page, bytes(), MADV_WIPEONFORK) != 0) {
      ::munmap(page, bytes());
      return;
    }
    words_ = static_cast<Words*>(page);
  }
  ~ThreadWords() {
    if (words_ != nullptr) ::munmap(words_, bytes());
    words_ = nullptr;
  }
  ThreadWords(const ThreadWords&) = delete;
  ThreadWords& operator=(const ThreadWords&) = delete;

  uint64_t next() {
    if (words_ == nullptr) {
      uint64_t word = 0;
      fill_from_kernel(&word, sizeof word);
      return word;
    }
    if (__builtin_expect(words_->seeded == 0, 0)) {
      fill_from_kernel(words_->state, sizeof words_->state);
      words_->seeded = 1;
    }
    // xoshiro256++
    uint64_t(&s)[4] = words_->state;
    const auto rotate = [](uint64_t x, int k) { return (x << k) | (x >> (64 - k)); };
    const uint64_t result = rotate(s[0] + s[3], 23) + s[0];
    const uint64_t t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate(s[3], 45);
    return result;
  }

 private:
  static size_t bytes() { return static_cast<size_t>(::sysconf(_SC_PAGESIZE)); }
  Words* words_ = nullptr;
};

// Created at a thread's first id; each such thread has a page.
ThreadWords& thread_words() {
  thread_local ThreadWords words;
  return words;
}

template <class Id>
Id random_id() {
  ThreadWords& words = thread_words();
  Id id = {};
  do {
    for (size_t at = 0; at < id.size(); at += 8) {
      const uint64_t word = words.next();
      std::memcpy(id.data() + at, &word, 8);
    }
  } while (id == Id{});
  return id;
}

}  // namespace
}  // namespace millrace::library

namespace millrace::v1 {

TraceId random_trace_id() noexcept { return library::random_id<TraceId>(); }
SpanId random_span_id() noexcept { return library::random_id<SpanId>(); }

uint64_t now_unix_nano() noexcept {
  timespec time;
  ::clock_gettime(CLOCK_REALTIME, &time);
  return static_cast<uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(time.tv_nsec);
}

}  // namespace millrace::v1
