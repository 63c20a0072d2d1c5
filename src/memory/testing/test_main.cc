// The main() of component tests in builds that name allocations (MILLRACE_DEBUG_CHECKS under the
// address sanitizer): a test fails when the code under test makes an allocation of 64 KiB or more
// without a name (base/allocation_name.h), or one that is larger than its name allows.
//
// An allocation belongs to the code under test when the innermost frame of Millrace's own files on
// its stack is not of a test. Reading frames takes addr2line about a second, whatever their number:
// all stacks of the program are read once, when its tests have ended, and a failure names the test.
//
// Threads: any may allocate; the stacks are read when the tests have ended.
#include <execinfo.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <link.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/allocation_name.h"
#include "base/mutex.h"

extern "C" {
int __sanitizer_install_malloc_and_free_hooks(void (*malloc_hook)(const volatile void*, size_t),
                                              void (*free_hook)(const volatile void*));
}

namespace {

constexpr size_t kLargeBytes = size_t{64} << 10;
constexpr size_t kFramesMax = 40;
// A program with more different stacks fails: the rest of them would not be looked at.
constexpr size_t kStacksMax = 2048;

// Functions that allocate for their caller; the report names the caller instead.
constexpr auto kPassedOver = std::to_array<std::string_view>(
    {"millrace::allocate_chunk", "millrace::Bytes::", "millrace::Rope::",
     "millrace::wire::Writer::", "millrace::http::Http2ServerSession::write_to"});

// What may allocate without a name, by a part of the function's name.
constexpr auto kAllowed = std::to_array<std::string_view>({
    // Disks and files of a simulated world are memory.
    "millrace::io::sim::",
    // Messages for tests and benchmarks, and texts for tests.
    "millrace::otlp::example_request",
    "millrace::otlp::(anonymous namespace)::plain_",
    "millrace::exporters::to_text",
    // Values of a configuration.
    "encode_string_value",
    // The list of a message's pieces: a fiftieth of the bytes that it describes, at the most.
    "millrace::otlp::RopeReader::take",
    // Its callers reserve (DeadLetterFile) or are tests.
    "millrace::dead_letter::append_line",
    // A block of lines of the debug exporter, one at a time: BatchText::kPieceBytesMax, quoted.
    "millrace::Logger::",
    "console_line",
    "LogSink",
    // Bounded by Options::bytes_max, a fixed number for each process.
    "millrace::io::TextOutput::",
    // nghttp2's copy of one header section, which ResponseLimit bounds.
    "millrace::http::Http2ClientSession::receive",
});

struct Stack {
  std::array<void*, kFramesMax> frames{};
  size_t depth = 0;
  size_t bytes = 0;
  const char* name = nullptr;
  const testing::TestInfo* test = nullptr;
};

// Fixed, because it is filled from inside malloc.
struct Stacks {
  millrace::Mutex mutex;
  std::array<Stack, kStacksMax> all MILLRACE_GUARDED_BY(mutex){};
  size_t count MILLRACE_GUARDED_BY(mutex) = 0;
  bool overflowed MILLRACE_GUARDED_BY(mutex) = false;
};
Stacks stacks;
// The test that runs; null between tests. Written by the main thread, read by any that allocates.
std::atomic<const testing::TestInfo*> running_test{nullptr};
constinit thread_local bool is_inside = false;

bool is_known(const Stack& one) MILLRACE_REQUIRES(stacks.mutex) {
  const auto has_same_frames = [&one](const Stack& other) {
    return one.depth == other.depth && one.frames == other.frames;
  };
  return std::ranges::any_of(std::span(stacks.all).first(stacks.count), has_same_frames);
}

void on_malloc(const volatile void*, size_t bytes) {
  const testing::TestInfo* const test = running_test.load(std::memory_order_relaxed);
  if (bytes < kLargeBytes || is_inside || test == nullptr) return;
  const millrace::AllocationNameValue name = millrace::AllocationName::in_force();
  if (name.name != nullptr && bytes <= name.bytes_max) return;
  is_inside = true;
  Stack one{.bytes = bytes, .name = name.name, .test = test};
  one.depth = static_cast<size_t>(backtrace(one.frames.data(), kFramesMax));
  {
    const millrace::MutexLock lock(stacks.mutex);
    if (stacks.count == kStacksMax) {
      stacks.overflowed = true;
    } else if (!is_known(one)) {
      stacks.all[stacks.count++] = one;
    }
  }
  is_inside = false;
}

struct Frame {
  std::string file;
  std::string function;
};

// Where the program was loaded: addresses in its file begin there.
uintptr_t load_address() {
  uintptr_t address = 0;
  dl_iterate_phdr(
      [](dl_phdr_info* info, size_t, void* into) {
        *static_cast<uintptr_t*>(into) = info->dlpi_addr;
        return 1;  // the first is the program itself
      },
      &address);
  return address;
}

// A call's address in the program's file. A return address stands behind its call.
uintptr_t address_in_file(const void* pc) {
  return reinterpret_cast<uintptr_t>(pc) - load_address() - 1;
}

// For each address: its frame, behind those that were inlined into it.
using Frames = std::unordered_map<uintptr_t, std::vector<Frame>>;

// Reads the frames of all the stacks by one call of addr2line.
Frames read_frames(std::span<const Stack> all) {
  Frames frames;
  std::FILE* const addresses = std::tmpfile();
  if (addresses == nullptr) return frames;
  for (const Stack& one : all) {
    for (const void* pc : std::span(one.frames).first(one.depth)) {
      const uintptr_t address = address_in_file(pc);
      if (frames.try_emplace(address).second) {
        std::fprintf(addresses, "0x%zx\n", static_cast<size_t>(address));
      }
    }
  }
  std::fflush(addresses);
  const std::string process = "/proc/" + std::to_string(getpid());
  const std::string command = "addr2line -a -f -C -i -e " + process + "/exe < " + process + "/fd/" +
                              std::to_string(fileno(addresses));
  FILE* const pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) {
    std::fclose(addresses);
    return frames;
  }
  std::array<char, 8192> line{};
  const auto next_line = [&](std::string& into) {
    if (std::fgets(line.data(), line.size(), pipe) == nullptr) return false;
    into = line.data();
    if (into.ends_with('\n')) into.pop_back();
    return true;
  };
  // A line with the address, then two for each frame.
  std::vector<Frame>* current = nullptr;
  Frame frame;
  while (next_line(frame.function)) {
    if (frame.function.starts_with("0x")) {
      current = &frames[std::strtoull(frame.function.c_str(), nullptr, 16)];
    } else if (current != nullptr && next_line(frame.file)) {
      current->push_back(frame);
    }
  }
  pclose(pipe);
  std::fclose(addresses);
  return frames;
}

bool has_any(std::string_view text, std::span<const std::string_view> parts) {
  return std::ranges::any_of(parts, [text](std::string_view part) { return text.contains(part); });
}
// A frame's file may be that of a header that was inlined into it.
bool is_ours(const Frame& frame) {
  // Without its parameters, whose types may be of the standard library.
  const std::string_view function =
      std::string_view(frame.function).substr(0, frame.function.find('('));
  return (function.starts_with("millrace::") || frame.file.contains("/src/")) &&
         !function.contains(" std::") && !frame.file.starts_with("/usr/include/gtest") &&
         !frame.file.contains("test_main.cc");
}
bool is_of_a_test(const Frame& frame) {
  return frame.file.contains("_test.cc:") || frame.file.contains("/testing/") ||
         frame.function.contains("_Test::TestBody") || frame.function.contains("Test::") ||
         frame.function.contains("::testing::");
}

// The frames from the allocation to the one that decides; empty: the code under test has no part in
// it.
std::string blamed(const Stack& one, const Frames& frames) {
  std::string text;
  for (const void* pc : std::span(one.frames).first(one.depth)) {
    const auto found = frames.find(address_in_file(pc));
    if (found == frames.end()) continue;
    for (const Frame& frame : found->second) {
      if (!is_ours(frame)) continue;
      text += "\n  " + frame.function + " " + frame.file;
      if (has_any(frame.function, kPassedOver)) continue;
      return has_any(frame.function, kAllowed) || is_of_a_test(frame) ? std::string() : text;
    }
  }
  return {};
}

class Listener final : public testing::EmptyTestEventListener {
  void OnTestStart(const testing::TestInfo& test) override { running_test.store(&test); }
  void OnTestEnd(const testing::TestInfo&) override { running_test.store(nullptr); }
};

class Judge final : public testing::Environment {
  void TearDown() override {
    const millrace::MutexLock lock(stacks.mutex);
    EXPECT_FALSE(stacks.overflowed) << "more than " << kStacksMax << " stacks: raise kStacksMax";
    const auto all = std::span<const Stack>(stacks.all).first(stacks.count);
    if (all.empty()) return;
    const Frames frames = read_frames(all);
    for (const Stack& one : all) {
      const std::string text = blamed(one, frames);
      if (text.empty()) continue;
      ADD_FAILURE() << one.test->test_suite_name() << "." << one.test->name()
                    << ": an allocation of " << one.bytes << " bytes "
                    << (one.name == nullptr ? "has no name" : "is more than its name allows: ")
                    << (one.name == nullptr ? "" : one.name) << text;
    }
  }
};

}  // namespace

int main(int argc, char** argv) {
  testing::InitGoogleMock(&argc, argv);
  void* frame = nullptr;
  backtrace(&frame, 1);  // the first call loads a library, and that allocates
  if (__sanitizer_install_malloc_and_free_hooks(on_malloc, [](const volatile void*) {}) == 0) {
    return 1;
  }
  testing::UnitTest::GetInstance()->listeners().Append(new Listener);
  testing::AddGlobalTestEnvironment(new Judge);
  return RUN_ALL_TESTS();
}
