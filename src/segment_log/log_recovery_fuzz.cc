// A start from any bytes: it succeeds, what it offers can be taken and finished, and the next start
// finds nothing left of it. The first byte tells whether checksums, epochs and positions are put
// right first, so that fields behind them are reached.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/check.h"
#include "io/sim/sim_disk.h"
#include "io/sim/sim_executor.h"
#include "segment_log/crc32c.h"
#include "segment_log/fields.h"
#include "segment_log/format.h"
#include "segment_log/log.h"

using namespace millrace;
using namespace millrace::segment_log;

namespace {

constexpr uint64_t kEpoch = 0x1122334455667788;

// Every unit that begins with the magic becomes a header that is right in itself.
void put_right(std::string& content) {
  auto* const bytes = reinterpret_cast<uint8_t*>(content.data());
  for (size_t at = 0; at + kHeaderBytes <= content.size(); at += kUnit) {
    if (!std::equal(kMagic.begin(), kMagic.end(), bytes + at)) continue;
    put_at(bytes + at + 8, kEpoch);
    put_at(bytes + at + 16, static_cast<uint32_t>(at / kUnit));
    const uint64_t size = block_bytes(get_at<uint32_t>(bytes + at + 24));
    if (at + size <= content.size()) {
      put_at(bytes + at + 32, crc32c({bytes + at + kHeaderBytes, size - kHeaderBytes}));
    }
    put_at(bytes + at + 76, crc32c({bytes + at, 76}));
  }
}

// Takes and finishes everything there is. Returns how many records there were.
size_t run_once(io::sim::SimDisk& disk) {
  io::sim::HandExecutor writes;
  io::sim::HandExecutor reads;
  Result<std::unique_ptr<Log>> log =
      Log::open({.directory = "d", .segment_bytes = 4096},
                {.disk = disk,
                 .writes = writes,
                 .reads = reads,
                 .wall_clock = [] { return WallTime(1'700'000'000s); },
                 .log = nullptr,
                 .at_point = {}});
  MILLRACE_CHECK(log.has_value());
  const auto run = [&] {
    while (writes.run_one() || reads.run_one()) {
    }
  };
  size_t count = 0;
  for (TargetId target = 0; target < kTargetsMax; ++target) {
    for (bool more = true; more;) {
      more = false;
      (*log)->take(target, 1 << 20, Order::kOldestFirst, [&](std::vector<Record> records) {
        more = !records.empty();
        count += records.size();
        for (const Record& record : records) (*log)->finish(target, record.id);
      });
      run();
    }
    MILLRACE_CHECK((*log)->untaken(target).records == 0);
  }
  bool closed = false;
  (*log)->close([&closed] { closed = true; });
  run();
  MILLRACE_CHECK(closed);
  return count;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1) return 0;
  std::string content(reinterpret_cast<const char*>(data) + 1, size - 1);
  if ((data[0] & 1) != 0) put_right(content);
  io::sim::SimDisk disk(1);
  disk.put("d/" + segment_file_name({7, kEpoch}), content);
  // Recovery must distinguish a second copy from the first.
  if ((data[0] & 2) != 0) disk.put("d/" + segment_file_name({8, kEpoch}), content);
  run_once(disk);
  MILLRACE_CHECK(run_once(disk) == 0);
  return 0;
}
