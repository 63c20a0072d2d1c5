#include "connectors/spanmetrics/dimensions.h"

#include <algorithm>
#include <array>
#include <set>

#include "otlp/attribute_list.h"
#include "otlp/span_text.h"
#include "wire/writer.h"

namespace millrace::connectors::spanmetrics {
namespace {

using item_identity::Identity;
using item_identity::IdentityMaker;
using otlp::KeyValueView;
using otlp::MessageBytes;
using otlp::MessageReader;

constexpr uint64_t kName = IdentityMaker::kFirstOwnKind;
constexpr uint64_t kText = kName + 1;
constexpr uint32_t kKey = 1;
constexpr uint32_t kValue = 2;

// The span's own attributes win over those of an event, and these over the resource's.
MessageBytes find_dimension(const SpanContext& context, std::string_view name) {
  MessageBytes value = otlp::find_any_value(context.span.bytes, otlp::kSpanAttributes, name);
  if (value.data() == nullptr && !context.event.empty()) {
    value = otlp::find_any_value(context.event, otlp::kEventAttributes, name);
  }
  if (value.data() == nullptr)
    value = otlp::find_any_value(context.resource, otlp::kResourceAttributes, name);
  return value;
}

void collect_names(MessageBytes message, uint32_t number, const DimensionList& list,
                   std::set<std::string_view>& into) {
  MessageReader attributes(message, number);
  for (MessageBytes attribute; attributes.next(&attribute);) {
    const std::string_view key = KeyValueView::read(attribute).key;
    const bool is_wanted = std::ranges::any_of(
        list.globs, [&](const auto& glob) { return item_match::finds(*glob, key); });
    if (is_wanted) into.insert(key);
  }
}

// Calls visit(name, content of AnyValue) for each dimension of the list that the span has.
template <class Visit>
void each_dimension(const SpanContext& context, const DimensionList& list, const Visit& visit) {
  for (const Dimension& dimension : list.names) {
    const MessageBytes value = find_dimension(context, dimension.name);
    if (value.data() != nullptr) {
      visit(std::string_view(dimension.name), value);
    } else if (dimension.default_value) {
      visit(std::string_view(dimension.name), as_span(*dimension.default_value));
    }
  }
  if (list.globs.empty()) return;
  std::set<std::string_view> names;
  collect_names(context.span.bytes, otlp::kSpanAttributes, list, names);
  collect_names(context.event, otlp::kEventAttributes, list, names);
  collect_names(context.resource, otlp::kResourceAttributes, list, names);
  for (const std::string_view name : names) visit(name, find_dimension(context, name));
}

bool has_scope(const Options& options, const SpanContext& context) {
  return !options.scopes.empty() && !context.scope_name.empty() &&
         options.scopes.contains(context.scope_name);
}

// A key comes once; of several values the last one is meant.
class AttributeWriter {
 public:
  void put(std::string_view key, MessageBytes any_value) {
    const auto found = std::ranges::find(entries_, key, &Entry::key);
    if (found != entries_.end()) {
      found->value = as_text(any_value);
    } else {
      entries_.push_back({std::string(key), std::string(as_text(any_value))});
    }
  }
  void put_text(std::string_view key, std::string_view text) {
    put(key, as_span(otlp::encode_string_value(text)));
  }
  std::string finish() {
    wire::Writer writer;
    for (const Entry& entry : entries_) {
      const auto field = writer.open(Dimensions::kAttributes, entry.key.size() + 32);
      writer.string_field(kKey, entry.key);
      writer.string_field(kValue, entry.value);
      writer.close(field);
    }
    return writer.to_string();
  }

 private:
  struct Entry {
    std::string key;
    std::string value;
  };
  std::vector<Entry> entries_;
};

}  // namespace

Identity Dimensions::base_identity(const SpanContext& context, const IdentityMaker& maker) const {
  const bool has_name = options_.excluded.empty() || !options_.excluded.contains("span.name");
  Identity identity = has_name ? maker.of_text(context.span.name, kName) : maker.of_text({}, kName);
  const bool has_kind = options_.excluded.empty() || !options_.excluded.contains("span.kind");
  const bool has_status = options_.excluded.empty() || !options_.excluded.contains("status.code");
  identity.append((has_kind ? static_cast<uint64_t>(context.span.kind) << 32 : 0) |
                  (has_status ? static_cast<uint32_t>(context.span.status_code) : 0));
  if (has_scope(options_, context)) {
    identity.append(maker.of_text(context.scope_name, kText));
    identity.append(maker.of_text(context.scope_version, kText));
  }
  if (options_.has_sampling_method) identity.append(context.is_adjusted ? 1 : 2);
  append(context, options_.dimensions, maker, identity);
  return identity;
}

void Dimensions::append(const SpanContext& context, const DimensionList& extra,
                        const IdentityMaker& maker, Identity& into) const {
  if (extra.empty()) return;
  each_dimension(context, extra, [&](std::string_view name, MessageBytes value) {
    into.append(maker.of_text(name, kText));
    into.append(maker.of_value(value));
  });
}

std::string Dimensions::attributes(const SpanContext& context, const DimensionList& extra) const {
  AttributeWriter writer;
  const auto put = [&](std::string_view key, std::string_view text) {
    if (!options_.excluded.contains(key)) writer.put_text(key, text);
  };
  put("service.name", context.service_name);
  put("span.name", context.span.name);
  put("span.kind", otlp::span_kind_text(context.span.kind));
  put("status.code", otlp::status_code_text(context.span.status_code));
  put("collector.instance.id", instance_id_);
  if (has_scope(options_, context)) {
    writer.put_text("span.instrumentation.scope.name", context.scope_name);
    if (!context.scope_version.empty()) {
      writer.put_text("span.instrumentation.scope.version", context.scope_version);
    }
  }
  if (options_.has_sampling_method) {
    writer.put_text("sampling.method", context.is_adjusted ? "extrapolated" : "counted");
  }
  const auto put_dimension = [&](std::string_view name, MessageBytes value) {
    writer.put(name, value);
  };
  each_dimension(context, options_.dimensions, put_dimension);
  each_dimension(context, extra, put_dimension);
  return writer.finish();
}

std::string Dimensions::overflow_attributes() {
  AttributeWriter writer;
  writer.put("otel.metric.overflow", as_span(otlp::encode_bool_value(1)));
  return writer.finish();
}

}  // namespace millrace::connectors::spanmetrics
