#include "extensions/console/test_trace.h"

#include <array>

#include "extensions/console/proto_writer.h"
#include "extensions/console/scan.h"

namespace millrace::extensions::console {
namespace {

using std::string;

using proto::field;
using proto::fixed_field;
using proto::number_field;

string attribute(uint32_t number, std::string_view key, std::string_view value) {
  return field(number, field(1, key) + field(2, field(1, value)));
}

string random_bytes(Random& random, size_t count) {
  string bytes;
  while (bytes.size() < count) bytes += static_cast<char>(random.next() & 0xff);
  bytes[0] = static_cast<char>(bytes[0] | 1);  // an id of zeros is no id
  return bytes;
}

struct Part {
  std::string_view name;
  uint32_t kind;
  int parent;  // index into the parts; -1: none
  uint64_t from_us, to_us;
};
constexpr std::array<Part, 4> kParts = {{{"GET /checkout", 2, -1, 0, 120'000},
                                         {"price of the basket", 1, 0, 5'000, 40'000},
                                         {"SELECT products", 3, 1, 8'000, 35'000},
                                         {"POST /payment", 3, 0, 45'000, 115'000}}};

string trace_id_that_is_kept(Random& random, const recent::TraceSample& sample) {
  constexpr int kTriesMax = 4096;
  string id = random_bytes(random, 16);
  for (int i = 0; i < kTriesMax && !sample.keeps(as_span(id)); ++i) id = random_bytes(random, 16);
  return id;
}

}  // namespace

TestTrace make_test_trace(Random& random, WallTime now, const recent::TraceSample& sample) {
  const string trace_id = trace_id_that_is_kept(random, sample);
  std::array<string, kParts.size()> ids;
  for (string& id : ids) id = random_bytes(random, 8);
  const auto end = static_cast<uint64_t>(now.time_since_epoch().count());
  const uint64_t start = end - kParts[0].to_us * 1000;
  string spans;
  for (size_t i = 0; i < kParts.size(); ++i) {
    const Part& part = kParts[i];
    string span = field(1, trace_id) + field(2, ids[i]);
    if (part.parent >= 0) span += field(4, ids[static_cast<size_t>(part.parent)]);
    span += field(5, part.name) + number_field(6, part.kind);
    span += fixed_field(7, start + part.from_us * 1000) + fixed_field(8, start + part.to_us * 1000);
    span += attribute(9, "millrace.test", "true");
    if (i == 0) {
      span += field(11, fixed_field(1, start + 2'000'000) + field(2, "the test was asked for"));
    }
    spans += field(2, span);
  }
  const string resource = field(1, attribute(1, "service.name", "millrace-test") +
                                       attribute(1, "telemetry.sdk.name", "millrace") +
                                       attribute(1, "telemetry.sdk.language", "cpp"));
  const string scope = field(1, field(1, "millrace.console"));
  const string request = field(1, resource + field(2, scope + spans));
  return {.id = hex(as_span(trace_id)),
          .request = Bytes::copy_of(request),
          .span_count = static_cast<uint32_t>(kParts.size())};
}

}  // namespace millrace::extensions::console
