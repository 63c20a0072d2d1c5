#include "otlp/item_count.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string_view>

#include "otlp/admit.h"
#include "otlp/example_requests.h"
#include "wire/writer.h"

namespace millrace::otlp {
namespace {

TEST(ItemCountTest, AgreesWithAdmissionWhereverPiecesEnd) {
  for (const Signal signal : kSignals) {
    for (const Bytes& request :
         {example_request(signal, {2, 3, 4, 5}), example_request_with_everything(signal)}) {
      const uint32_t admitted = admit(signal, request.view())->item_count;
      EXPECT_EQ(count_items(signal, Rope(request)), admitted);
      Rope pieces;
      for (size_t at = 0; at < request.size(); at += 7) {
        const size_t size = std::min<size_t>(7, request.size() - at);
        pieces.append(Bytes::copy_of(request.view().subspan(at, size)));
      }
      EXPECT_EQ(count_items(signal, pieces), admitted);
    }
  }
}

TEST(ItemCountTest, AnEmptyRequestHasNoItems) {
  for (const Signal signal : kSignals) EXPECT_EQ(count_items(signal, Rope()), 0u);
}

TEST(ItemCountTest, OnlyTheLastMemberOfMetricDataCounts) {
  wire::Writer w;
  w.string_field(5, std::string_view("\x0a\x00\x0a\x00", 4));  // a gauge of two points
  w.string_field(7, std::string_view("\x0a\x00", 2));          // a sum of one
  w.string_field(1, "name");
  w.string_field(7, std::string_view("\x0a\x00\x10\x02", 4));  // merged with the sum: one more
  const Rope metric(w.finish());
  RopeReader reader(metric);
  EXPECT_EQ(count_points_in_metric(reader, metric.size(), nullptr), 2u);
  EXPECT_TRUE(reader.done());
}

TEST(ItemCountTest, StopsAtTheEndOfTheMessage) {
  wire::Writer w;
  w.string_field(2, "");  // two items in the scope, and one behind its end
  w.string_field(2, "");
  const size_t end = 4;
  w.string_field(2, "");
  const Rope scopes(w.finish());
  RopeReader reader(scopes);
  EXPECT_EQ(count_items_in_scope(Signal::kLogs, reader, end, nullptr), 2u);
  EXPECT_EQ(reader.position(), end);
}

}  // namespace
}  // namespace millrace::otlp
