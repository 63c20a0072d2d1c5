#include "daemon/run/free_heap.h"

#include <gtest/gtest.h>
#include <malloc.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <memory>
#include <vector>

namespace millrace::daemon {
namespace {

size_t resident_bytes() {
  std::FILE* const file = std::fopen("/proc/self/statm", "r");
  unsigned long size = 0;
  unsigned long resident = 0;
  const int fields = std::fscanf(file, "%lu %lu", &size, &resident);
  std::fclose(file);
  return fields == 2 ? resident * static_cast<size_t>(sysconf(_SC_PAGESIZE)) : 0;
}

// One small used block behind each hundred free ones prevents glibc from returning memory.
TEST(FreeHeapTest, FreeHolesBetweenUsedBlocksAreReturnedToTheSystem) {
#if !defined(__has_feature)
#define __has_feature(feature) 0  // g++
#endif
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
  GTEST_SKIP() << "the sanitizer has an allocator of its own";
#endif
  mallopt(M_MMAP_THRESHOLD, 256 << 10);
  std::vector<std::unique_ptr<char[]>> blocks;
  for (int i = 0; i < 2000; ++i) {
    blocks.push_back(std::make_unique<char[]>(40'000));
    std::memset(blocks.back().get(), 1, 40'000);
  }
  const size_t full = resident_bytes();
  for (size_t i = 0; i < blocks.size(); ++i) {
    if (i % 100 != 99) blocks[i].reset();
  }
  trim_free_heap();
  EXPECT_LT(resident_bytes() + (size_t{60} << 20), full);
}

}  // namespace
}  // namespace millrace::daemon
