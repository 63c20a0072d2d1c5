#include "connectors/count/count.h"

#include <utility>

namespace millrace::connectors::count {
namespace {

using item_totals::MatchedItem;
using item_totals::Number;
using item_totals::Times;
using otlp::MessageBytes;

class CountRules final : public item_totals::Rules {
 public:
  std::string_view scope_name() const override {
    return "github.com/open-telemetry/opentelemetry-collector-contrib/connector/countconnector";
  }
  // The item's own attributes win over those of its scope, and these over the resource's.
  MessageBytes value(const MatchedItem& item, const item_totals::TotalAttribute& attribute,
                     std::string&) const override {
    MessageBytes value = item.own_attribute(attribute.key);
    if (value.data() == nullptr) value = item.scope_attribute(attribute.key);
    if (value.data() == nullptr) value = item.resource_attribute(attribute.key);
    if (value.data() == nullptr && attribute.default_value) {
      value = as_span(*attribute.default_value);
    }
    return value;
  }
  Number zero() const override { return int64_t{0}; }
  void add(const MatchedItem&, const item_totals::Total&, Number& sum) const override {
    ++std::get<int64_t>(sum);
  }
  Times times_of_points(const Times& of_items, uint64_t now) const override {
    return of_items.first == 0 ? Times{now, now} : of_items;
  }
};
constexpr CountRules kRules;

}  // namespace

const item_totals::Rules& rules() { return kRules; }

std::unique_ptr<pipeline::Exporter> make_count(std::shared_ptr<const Options> options,
                                               const item_totals::ConnectorParts& parts) {
  return item_totals::make_totals_connector(std::move(options), kRules, "counts", parts);
}

}  // namespace millrace::connectors::count
