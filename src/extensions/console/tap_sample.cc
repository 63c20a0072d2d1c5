#include "extensions/console/tap_sample.h"

#include <algorithm>
#include <array>
#include <map>
#include <vector>

#include "extensions/console/item_changes.h"
#include "extensions/console/scan.h"
#include "wire/utf8.h"

namespace millrace::extensions::console {
namespace {

constexpr size_t kNameBytesMax = 300;

std::string_view change_name(Change change) {
  constexpr std::array<std::string_view, 4> kNames = {"same", "changed", "added", "removed"};
  return kNames[static_cast<size_t>(change)];
}

// The value of a path; empty: none.
std::string value_at(const ItemFields& fields, std::string_view path) {
  const auto found = std::ranges::find(fields.fields, path, &ItemField::path);
  return found == fields.fields.end() ? std::string() : found->value;
}

class SampleWriter {
 public:
  SampleWriter(JsonWriter& json, const recent::EdgeSample& sample, const SampleOptions& options,
               const ItemList& before, const ItemList& after)
      : json_(json), sample_(sample), options_(options), before_(before), after_(after) {}

  void write(const std::vector<ItemChange>& changes) {
    std::array<size_t, 4> counts{};
    for (const ItemChange& change : changes) ++counts[static_cast<size_t>(change.change)];
    json_.key("counts").open_object();
    for (const Change each : {Change::kSame, Change::kChanged, Change::kAdded, Change::kRemoved}) {
      json_.count(change_name(each), counts[static_cast<size_t>(each)]);
    }
    json_.close_object().key("items").open_list();
    // What differs is shown first.
    size_t shown_count = 0;
    for (const bool is_same : {false, true}) {
      if (is_same && options_.is_only_changed) break;
      for (const ItemChange& change : changes) {
        if ((change.change == Change::kSame) != is_same) continue;
        if (shown_count == options_.items_max || json_.size() > kSampleTextBytesMax) break;
        write_item(change);
        ++shown_count;
      }
    }
    json_.close_list().count("more_items", changes.size() - shown_count);
  }

 private:
  ItemFields fields_of(const ItemList& list, size_t index) const {
    const ItemList::Item& item = list.items[index];
    return fields_of_item(options_.signal, list.resource_of(item), list.scope_of(item), item.bytes);
  }

  void write_item(const ItemChange& change) {
    const ItemFields old = change.before ? fields_of(before_, *change.before) : ItemFields();
    const ItemFields now = change.after ? fields_of(after_, *change.after) : ItemFields();
    const ItemFields& shown_fields = change.after ? now : old;
    RuleRun::Explanation explanation;
    if (options_.rules != nullptr && change.before && change.change != Change::kSame) {
      explanation = options_.rules->explain(
          options_.signal, before_.request_of(before_.items[*change.before]), sample_.metadata);
    }
    std::string name = value_at(shown_fields, "name");
    if (options_.signal == Signal::kLogs) name = value_at(shown_fields, "body");
    json_.open_object().member("change", change_name(change.change));
    json_.member("name", wire::to_utf8(name, kNameBytesMax));
    json_.member("service", value_at(shown_fields, "resource.attributes[\"service.name\"]"));
    json_.member("trace_id", value_at(shown_fields, "trace_id"));
    json_.member("span_id", value_at(shown_fields, "span_id")).key("rules").open_list();
    for (const size_t rule : explanation.rules) json_.number(rule + 1);
    json_.close_list();
    bool is_whole = !old.is_cut && !now.is_cut;
    json_.key("fields").open_list();
    // Without a point in front every field is as it came; what is gone or new is shown whole.
    const auto fields =
        change.before && change.after ? compare(old, now) : compare(shown_fields, shown_fields);
    for (const FieldChange& field : fields) {
      if (json_.size() > kSampleTextBytesMax) {
        is_whole = false;
        break;
      }
      write_field(field, explanation);
    }
    json_.close_list().flag("is_cut", !is_whole).close_object();
  }

  void write_field(const FieldChange& field, const RuleRun::Explanation& explanation) {
    json_.open_object().member("path", field.path).member("change", change_name(field.change));
    const bool has_before = field.change == Change::kChanged || field.change == Change::kRemoved;
    json_.key("before");
    has_before ? json_.text(field.before) : json_.null();
    json_.key("after");
    field.change != Change::kRemoved ? json_.text(field.after) : json_.null();
    const auto rule = explanation.rule_of.find(field.path);
    json_.key("rule");
    field.change != Change::kSame&& rule != explanation.rule_of.end()
        ? json_.number(rule->second + 1)
        : json_.null();
    json_.close_object();
  }

  JsonWriter& json_;
  const recent::EdgeSample& sample_;
  const SampleOptions& options_;
  const ItemList& before_;
  const ItemList& after_;
};

std::vector<ItemChange> all_same(const ItemList& list) {
  std::vector<ItemChange> changes;
  for (size_t i = 0; i < list.items.size(); ++i) {
    changes.push_back({.change = Change::kSame, .before = i, .after = i});
  }
  return changes;
}

}  // namespace

bool write_sample(JsonWriter& json, const std::string& edge, const recent::EdgeSample& sample,
                  const SampleOptions& options) {
  using Point = recent::EdgeSample::Point;
  const Point* const after = sample.point(options.position);
  const Point* before =
      options.has_before && options.position > 0 ? sample.point(options.position - 1) : nullptr;
  // A request that the processor refused has a point in front of it only.
  const bool is_refused = after == nullptr && before != nullptr && !sample.refusal.empty();
  if (after == nullptr && !is_refused) return false;
  const Point& shown_point = is_refused ? *before : *after;
  json.open_object().member("edge", edge).count("number", sample.number);
  json.key("at_ms").signed_number(sample.at.time_since_epoch() / 1ms);
  json.key("items_before");
  before != nullptr ? json.number(before->item_count) : json.null();
  json.key("bytes_before");
  before != nullptr ? json.number(before->bytes.size()) : json.null();
  json.count("items_after", is_refused ? 0 : after->item_count);
  json.count("bytes_after", is_refused ? 0 : after->bytes.size()).key("refusal");
  is_refused ? json.text(wire::to_utf8(sample.refusal, kNameBytesMax)) : json.null();
  const ItemList now(shown_point.bytes);
  const bool is_edited =
      !is_refused && before != nullptr && before->bytes.data() != after->bytes.data();
  const ItemList old(is_edited ? before->bytes : shown_point.bytes);
  SampleWriter(json, sample, options, old, now)
      .write(is_edited ? pair_items(options.signal, old, now) : all_same(now));
  json.flag("is_cut", old.is_cut || now.is_cut).close_object();
  return true;
}

}  // namespace millrace::extensions::console
