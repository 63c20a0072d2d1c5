#include "connectors/sum/sum.h"

#include <utility>

#include "connectors/sum/source_value.h"
#include "otlp/attribute_list.h"

namespace millrace::connectors::sum {
namespace {

using item_totals::MatchedItem;
using item_totals::Number;
using item_totals::Times;
using otlp::AnyValueView;
using otlp::MessageBytes;

class SumRules final : public item_totals::Rules {
 public:
  std::string_view scope_name() const override { return {}; }
  MessageBytes value(const MatchedItem& item, const item_totals::TotalAttribute& attribute,
                     std::string& room) const override {
    const MessageBytes own = item.own_attribute(attribute.key);
    if (own.data() == nullptr) {
      return attribute.default_value ? as_span(*attribute.default_value) : MessageBytes();
    }
    const auto label = label_of(AnyValueView::read(own));
    if (!label) return {};
    room = otlp::encode_string_value(*label);
    return as_span(room);
  }
  Number zero() const override { return 0.0; }
  void add(const MatchedItem& item, const item_totals::Total& total, Number& sum) const override {
    const MessageBytes own = item.own_attribute(total.source_attribute);
    if (own.data() != nullptr) std::get<double>(sum) += number_of(AnyValueView::read(own));
  }
  // As in otelcol: the time of the batch, and no start.
  Times times_of_points(const Times&, uint64_t now) const override { return {0, now}; }
};
constexpr SumRules kRules;

}  // namespace

const item_totals::Rules& rules() { return kRules; }

std::unique_ptr<pipeline::Exporter> make_sum(std::shared_ptr<const Options> options,
                                             const item_totals::ConnectorParts& parts) {
  return item_totals::make_totals_connector(std::move(options), kRules, "adds up", parts);
}

}  // namespace millrace::connectors::sum
