// The groups of one request: resources, their scopes, of metrics their metrics, and the items.
// Lists are chained by indices, in the order in which their elements were found.
#pragma once

#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "memory/work.h"
#include "otlp/attribute_list.h"
#include "otlp/views.h"
#include "processors/groupbyattrs/options.h"

namespace millrace::processors::groupbyattrs {

inline constexpr uint32_t kNone = UINT32_MAX;

struct Chain {
  uint32_t first = kNone;
  uint32_t last = kNone;
};

// Appends element `index` of `elements` to a chain of them.
template <class Element>
void append(Chain& chain, uint32_t index, std::vector<Element>& elements) {
  if (chain.first == kNone) {
    chain.first = index;
  } else {
    elements[chain.last].next = index;
  }
  chain.last = index;
}

// Neighbours in the request that stay neighbours, or one item that loses attributes.
struct Run {
  const uint8_t* begin = nullptr;  // of the tag of the first item
  uint32_t size = 0;
  uint32_t owner = 0;  // index in Groups::owners
  uint32_t next = kNone;
  bool loses_attributes = false;
};

// A ScopeX, or of metrics a Metric: what holds items.
struct Leaf {
  Chain runs;
  uint32_t next = kNone;    // the next metric of the same scope
  otlp::MetricView metric;  // the first one of its name and type
};

struct ScopeGroup {
  Bytes scope;  // content of InstrumentationScope
  Chain leaves;
  uint32_t next = kNone;  // the next scope of the same resource
};

struct ResourceGroup {
  otlp::ResourceView resource;  // of the first item
  otlp::MessageBytes item;      // the first one with grouping attributes; empty: it has none
  uint32_t attributes_field = 0;
  Chain scopes;
};

struct Groups {
  std::vector<ResourceGroup> resources;
  std::vector<ScopeGroup> scopes;
  std::vector<Leaf> leaves;
  std::vector<Run> runs;
  std::vector<Bytes> owners;
};

// The content of the first attribute's AnyValue; null data: there is none.
otlp::MessageBytes find_value(otlp::MessageBytes message, uint32_t attributes_field,
                              std::string_view key, Pace& pace);

// Makes of `list` the group's resource: the attributes of the received one, and those of the item.
// As in otelcol its other fields are lost.
void set_resource(const Options& options, const ResourceGroup& group, Work& work,
                  otlp::AttributeList& list);

}  // namespace millrace::processors::groupbyattrs
