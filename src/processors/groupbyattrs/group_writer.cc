#include "processors/groupbyattrs/group_writer.h"

#include "base/check.h"
#include "otlp/schema.h"

namespace millrace::processors::groupbyattrs {

namespace {

using otlp::MessageBytes;
using wire::WireType;

// Units of the pace for a run that is written.
constexpr size_t kRunUnits = 100;

}  // namespace

void GroupWriter::write(const ResourceGroup& group) {
  const size_t expected_size = group.resource.bytes.size();
  const auto resource_x = out_.open(1, expected_size);
  set_resource(options_, group, work_, list_);
  if (list_.failed()) return;
  if (list_.message_size() > 0) {
    out_.write_len_prefix(1, list_.message_size());
    list_.write_message(group.resource.resource, &out_);
  }
  for (uint32_t i = group.scopes.first; i != kNone && !failed(); i = groups_.scopes[i].next) {
    const ScopeGroup& scope = groups_.scopes[i];
    const auto scope_x = out_.open(otlp::kResourceScopes, expected_size);
    if (!scope.scope.empty()) {
      out_.write_len_prefix(1, scope.scope.size());
      out_.keep(scope.scope, scope.scope.view());
    }
    for (uint32_t leaf = scope.leaves.first; leaf != kNone && !failed();
         leaf = groups_.leaves[leaf].next) {
      write_leaf(groups_.leaves[leaf]);
    }
    out_.close(scope_x);
  }
  out_.close(resource_x);
}

void GroupWriter::write_leaf(const Leaf& leaf) {
  if (signal_ != Signal::kMetrics) {
    const bool is_traces = signal_ == Signal::kTraces;
    return write_runs(leaf, is_traces ? otlp::kSpanAttributes : otlp::kLogRecordAttributes);
  }
  const auto metric = out_.open(otlp::kScopeItems, leaf.metric.bytes.size());
  keep_fields(leaf.metric.bytes,
              [](const wire::Field& field) { return !otlp::is_metric_data(field.number); });
  const auto data = out_.open(static_cast<uint32_t>(leaf.metric.type), leaf.metric.data.size());
  keep_fields(leaf.metric.data, [](const wire::Field& field) {
    return !field.is(otlp::kDataPoints, WireType::kLen);
  });
  write_runs(leaf, otlp::point_attributes(leaf.metric.type));
  out_.close(data);
  out_.close(metric);
}

template <class IsKept>
void GroupWriter::keep_fields(const Bytes& message, const IsKept& is_kept) {
  wire::FieldReader fields(message.view());
  for (wire::Field field; fields.next(&field);) {
    work_.pace.step(otlp::kFieldUnits);
    if (is_kept(field)) out_.keep(message, field.whole);
  }
}

void GroupWriter::write_runs(const Leaf& leaf, uint32_t attributes_field) {
  for (uint32_t i = leaf.runs.first; i != kNone && !failed(); i = groups_.runs[i].next) {
    const Run& run = groups_.runs[i];
    work_.pace.step(kRunUnits);
    const MessageBytes whole(run.begin, run.size);
    const Bytes& owner = groups_.owners[run.owner];
    if (!run.loses_attributes) {
      out_.keep(owner, whole);
      continue;
    }
    wire::FieldReader fields(whole);
    wire::Field item;
    MILLRACE_CHECK(fields.next(&item));
    list_.reset(item.bytes, attributes_field);
    for (const std::string& key : options_.keys) list_.erase(key);
    if (list_.failed()) return;
    out_.write_len_prefix(item.number, list_.message_size());
    list_.write_message(owner, &out_);
  }
}

}  // namespace millrace::processors::groupbyattrs
