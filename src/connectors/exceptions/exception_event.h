// The exceptions in a batch of spans: events named "exception". Pure functions of the batch.
#pragma once

#include <string_view>

#include "connectors/exceptions/options.h"
#include "memory/work.h"
#include "otlp/views.h"

namespace millrace::connectors::exceptions {

// An event with what surrounds it.
struct ExceptionEvent {
  otlp::MessageBytes resource;  // content of Resource
  std::string_view service;     // empty where service.name is no text
  otlp::MessageBytes scope;     // content of InstrumentationScope
  otlp::SpanView span;
  otlp::EventView event;

  // Content of an AnyValue: of the span, else of the event, the resource, the options; data() ==
  // nullptr: there is none.
  otlp::MessageBytes dimension(const Dimension& dimension) const;
};

// Takes the events in their order, resource by resource and scope by scope.
class ExceptionVisitor {
 public:
  virtual void visit(const ExceptionEvent& exception) = 0;
  virtual void end_scope() {}

 protected:
  ~ExceptionVisitor() = default;
};

// Resources without service.name are skipped, as in otelcol. Steps work.pace.
void each_exception(const Rope& request, Work& work, ExceptionVisitor& visitor);

}  // namespace millrace::connectors::exceptions
