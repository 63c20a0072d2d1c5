// The dimensions of a span: what a series is known by, and its attributes. Pure functions of the
// span, its resource and its event.
#pragma once

#include <string>
#include <string_view>

#include "connectors/spanmetrics/options.h"
#include "item_identity/identity.h"
#include "otlp/views.h"

namespace millrace::connectors::spanmetrics {

// A span with what surrounds it.
struct SpanContext {
  std::string_view service_name;
  otlp::MessageBytes resource;  // content of Resource
  std::string_view scope_name;
  std::string_view scope_version;
  otlp::SpanView span;
  otlp::MessageBytes event;  // of the events metric; empty: none
  bool is_adjusted = false;
};

class Dimensions {
 public:
  // `instance_id`: of this process.
  Dimensions(const Options& options, std::string instance_id)
      : options_(options), instance_id_(std::move(instance_id)) {}

  // The dimensions that every span has.
  item_identity::Identity base_identity(const SpanContext& context,
                                        const item_identity::IdentityMaker& maker) const;
  // Adds those of `extra`.
  void append(const SpanContext& context, const DimensionList& extra,
              const item_identity::IdentityMaker& maker, item_identity::Identity& into) const;
  // Attributes of a series, as fields 1 of a message.
  std::string attributes(const SpanContext& context, const DimensionList& extra) const;

  static constexpr uint32_t kAttributes = 1;
  static std::string overflow_attributes();

 private:
  const Options& options_;
  const std::string instance_id_;
};

}  // namespace millrace::connectors::spanmetrics
