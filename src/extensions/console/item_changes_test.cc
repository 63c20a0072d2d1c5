#include "extensions/console/item_changes.h"

#include <gtest/gtest.h>

#include "extensions/console/proto_writer.h"

namespace millrace::extensions::console {
namespace {

using proto::field;

// A request of log records, "time:body" each.
Bytes logs(std::initializer_list<std::pair<uint64_t, std::string>> records,
           std::string_view service = "a") {
  std::string scope;
  for (const auto& [time, body] : records) {
    scope += field(2, proto::fixed_field(1, time) + field(5, field(1, body)));
  }
  const std::string resource = field(1, field(1, "service.name") + field(2, field(1, service)));
  return Bytes::copy_of(field(1, field(1, resource) + field(2, scope)));
}

std::vector<Change> kinds(const Bytes& before, const Bytes& after) {
  std::vector<Change> kinds;
  for (const ItemChange& change : pair_items(Signal::kLogs, ItemList(before), ItemList(after))) {
    kinds.push_back(change.change);
  }
  return kinds;
}

TEST(ItemChangesTest, ItemsArePairedByTheirIdentity) {
  EXPECT_EQ(kinds(logs({{1, "a"}, {2, "b"}, {3, "c"}}), logs({{1, "a"}, {3, "C"}})),
            (std::vector{Change::kSame, Change::kRemoved, Change::kChanged}));
  EXPECT_EQ(kinds(logs({{1, "a"}}), logs({{1, "a"}, {9, "new"}})),
            (std::vector{Change::kSame, Change::kAdded}));
  EXPECT_EQ(kinds(logs({{1, "a"}, {2, "b"}}), Bytes()),
            (std::vector{Change::kRemoved, Change::kRemoved}));
}

TEST(ItemChangesTest, AChangedIdentityIsPairedByOrder) {
  EXPECT_EQ(kinds(logs({{1, "a"}, {2, "b"}}), logs({{7, "a"}, {2, "b"}})),
            (std::vector{Change::kChanged, Change::kSame}));
}

TEST(ItemChangesTest, AChangeOfTheResourceIsAChangeOfItsItems) {
  EXPECT_EQ(kinds(logs({{1, "a"}}, "shop"), logs({{1, "a"}}, "cart")),
            std::vector{Change::kChanged});
}

TEST(ItemChangesTest, OneItemBecomesARequestOfItsOwn) {
  const Bytes request = logs({{1, "a"}, {2, "b"}});
  const ItemList list(request);
  EXPECT_EQ(list.request_of(list.items[1]), logs({{2, "b"}}).text());
}

}  // namespace
}  // namespace millrace::extensions::console
