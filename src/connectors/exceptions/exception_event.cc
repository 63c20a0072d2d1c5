#include "connectors/exceptions/exception_event.h"

#include "otlp/span_text.h"

namespace millrace::connectors::exceptions {
namespace {

using otlp::MessageBytes;

constexpr size_t kSpanUnits = 50;  // of a Pace
constexpr std::string_view kException = "exception";

void visit_span(MessageBytes span, ExceptionEvent& exception, Work& work,
                ExceptionVisitor& visitor) {
  work.pace.step(kSpanUnits);
  bool is_read = false;
  otlp::MessageReader events(span, otlp::kSpanEvents, &work.pace);
  for (MessageBytes event; events.next(&event);) {
    exception.event = otlp::EventView::read(event, &work.pace);
    if (exception.event.name != kException) continue;
    if (!is_read) exception.span = otlp::SpanView::read(span, &work.pace);
    is_read = true;
    visitor.visit(exception);
  }
}

}  // namespace

MessageBytes ExceptionEvent::dimension(const Dimension& of) const {
  MessageBytes value = otlp::find_any_value(span.bytes, otlp::kSpanAttributes, of.name);
  if (value.data() == nullptr) {
    value = otlp::find_any_value(event.bytes, otlp::kEventAttributes, of.name);
  }
  if (value.data() == nullptr) {
    value = otlp::find_any_value(resource, otlp::kResourceAttributes, of.name);
  }
  if (value.data() == nullptr && of.default_value) value = as_span(*of.default_value);
  return value;
}

void each_exception(const Rope& request, Work& work, ExceptionVisitor& visitor) {
  const otlp::ReadBounds bounds{.pace = &work.pace};
  otlp::ResourceReader resources(request);
  for (otlp::ResourceView resource; resources.next(&resource);) {
    ExceptionEvent exception;
    exception.resource = resource.resource.view();
    const auto name = otlp::find_attribute(exception.resource, otlp::kResourceAttributes,
                                           "service.name", &work.pace);
    if (!name) continue;
    if (name->type == otlp::AnyValueView::Type::kString) exception.service = name->text;
    otlp::ScopeReader scopes(resource, bounds);
    for (otlp::ScopeView scope; scopes.next(&scope);) {
      exception.scope = scope.scope.view();
      otlp::MessageReader spans(scope.bytes.view(), otlp::kScopeItems, &work.pace);
      for (MessageBytes span; spans.next(&span);) visit_span(span, exception, work, visitor);
      visitor.end_scope();
    }
  }
}

}  // namespace millrace::connectors::exceptions
