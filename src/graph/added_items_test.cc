// Processors that make more items of a request balance in the ledger, at once and late.
#include <gtest/gtest.h>

#include <memory>
#include <utility>
#include <vector>

#include "graph/testing/holder.h"
#include "graph/testing/rig.h"

namespace millrace::pipeline {
namespace {

using testing::Holder;
using testing::Rig;

// Each request gets two items more, and loses one.
class Adder final : public Processor {
 public:
  Result<ProcessorResult> process(Payload& payload, Work&) override {
    payload.bytes.append(payload.bytes.slice(0, 8));
    payload.item_count += 1;
    return ProcessorResult{.filtered_count = 1, .added_count = 2};
  }
};

TEST(AddedItemsTest, BalanceAtOnceAndLate) {
  for (const bool is_late : {false, true}) {
    Rig rig;
    if (is_late) {
      rig.pipeline->add_processor(std::make_unique<Holder>(rig.pipeline->next_outlet()),
                                  rig.long_work);
    }
    rig.pipeline->add_processor(std::make_unique<Adder>(), rig.long_work);
    rig.submit(3);
    rig.pipeline->flush();
    rig.expect_balance();
    rig.run();
    rig.sinks[0].exporter->answer(Outcome::Kind::kDelivered);
    EXPECT_EQ(rig.sinks[0].seen().admitted.items, 5u);
    EXPECT_EQ(rig.sinks[0].seen().filtered.items, 1u);
    EXPECT_EQ(rig.sinks[0].seen().delivered.items, 4u);
  }
}

}  // namespace
}  // namespace millrace::pipeline
