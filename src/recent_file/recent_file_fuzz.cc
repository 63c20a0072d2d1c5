// A start from any file: it succeeds, the requests in the store have passed admission, and a second
// start finds the same. The first byte tells whether checksums are put right first, so that the
// fields behind them are reached.
#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>

#include "base/check.h"
#include "io/sim/sim_disk.h"
#include "otlp/admit.h"
#include "recent_file/format.h"
#include "recent_file/recent_file.h"
#include "segment_log/crc32c.h"
#include "segment_log/fields.h"

using namespace millrace;
using namespace millrace::recent_file;

namespace {

using segment_log::crc32c;
using segment_log::get_at;
using segment_log::put_at;

void put_right(std::string& content) {
  auto* const bytes = reinterpret_cast<uint8_t*>(content.data());
  if (content.size() < kHeadPrefixBytes) return;
  std::copy(kMagic.begin(), kMagic.end(), bytes);
  const size_t body =
      std::min<size_t>(get_at<uint8_t>(bytes + 12), content.size() - kHeadPrefixBytes);
  put_at(bytes + 12, static_cast<uint32_t>(body));
  put_at(bytes + 16, crc32c({bytes + kHeadPrefixBytes, body}));
  put_at(bytes + 20, crc32c({bytes, 20}));
  for (size_t at = kHeadPrefixBytes + body; at + kRequestHeadBytes <= content.size();) {
    const uint64_t size = kRequestHeadBytes + get_at<uint32_t>(bytes + at + 4);
    if (size > content.size() - at) return;
    put_at(bytes + at, crc32c({bytes + at + 4, size - 4}));
    at += size;
  }
}

// How many requests a start reads.
uint64_t start(io::sim::SimDisk& disk) {
  Budget budget(8 << 20);
  Logger log({}, nullptr, [] { return int64_t{0}; });
  recent::Store store(budget, 1 << 20, {"traces"}, {.id = "now", .started_at = WallTime(9s)});
  const auto file =
      RecentFile::open({.directory = "d", .bytes_max = 4 << 20},
                       {.disk = &disk, .store = &store, .budget = &budget, .log = &log});
  MILLRACE_CHECK(file.has_value());
  for (const recent::RecordRef& record : store.newer_than(0, SIZE_MAX)) {
    MILLRACE_CHECK(otlp::admit(record->signal, record->bytes.view()).has_value());
    MILLRACE_CHECK(record->pipeline < store.pipelines().size());
    MILLRACE_CHECK(record->run < store.runs().size());
  }
  return (*file)->numbers().read_requests;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1) return 0;
  std::string content(reinterpret_cast<const char*>(data) + 1, size - 1);
  if ((data[0] & 1) != 0) put_right(content);
  io::sim::SimDisk disk(1);
  disk.put("d/" + file_name(3), content);
  const uint64_t first = start(disk);
  disk.restart();
  MILLRACE_CHECK(start(disk) == first);
  return 0;
}
