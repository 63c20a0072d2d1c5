#include "connectors/exceptions/exception_logs.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "connectors/exceptions/exception_event.h"
#include "otlp/edit.h"
#include "otlp/rope_writer.h"
#include "otlp/span_text.h"
#include "wire/writer.h"

namespace millrace::connectors::exceptions {
namespace {

using otlp::MessageBytes;

constexpr std::string_view kWhat = "making logs of exceptions";
constexpr std::string_view kStacktrace = "exception.stacktrace";
constexpr std::string_view kSeverityText = "ERROR";
constexpr uint64_t kSeverityError = 17;
constexpr size_t kRecordBytes = 1024;  // most have about so many
// Field numbers of LogRecord.
constexpr uint32_t kTime = 1;
constexpr uint32_t kSeverityNumber = 2;
constexpr uint32_t kSeverity = 3;
constexpr uint32_t kTraceId = 9;
constexpr uint32_t kSpanId = 10;
// An exception has its span's attributes: a span with many of them multiplies.
constexpr size_t kGrowthMax = 64;

class LogMaker final : public ExceptionVisitor {
 public:
  LogMaker(const Options& options, size_t batch_bytes, Work& work)
      : options_(options),
        out_(work, std::max(otlp::kEditedBytesMax, kGrowthMax * batch_bytes), kWhat) {}

  void visit(const ExceptionEvent& exception) override {
    if (out_.failed()) return;
    if (!is_open_) open_scope(exception.scope);
    collect_attributes(exception);
    const auto record = out_.open(otlp::kScopeItems, kRecordBytes);
    wire::Writer head(128);
    head.fixed64_field(kTime, exception.event.time_unix_nano);
    head.varint_field(kSeverityNumber, kSeverityError);
    head.string_field(kSeverity, kSeverityText);
    if (!exception.span.trace_id.empty()) head.bytes_field(kTraceId, exception.span.trace_id);
    if (!exception.span.span_id.empty()) head.bytes_field(kSpanId, exception.span.span_id);
    out_.write(head.view());
    otlp::MessageReader attributes(exception.span.bytes, otlp::kSpanAttributes);
    for (MessageBytes attribute; attributes.next(&attribute);) {
      const std::string_view key = otlp::KeyValueView::read(attribute).key;
      if (std::ranges::find(added_, key, &Attribute::first) != added_.end()) continue;
      write_field(otlp::kLogRecordAttributes, attribute);
    }
    for (const Attribute& attribute : added_) write_attribute(attribute);
    out_.close(record);
    ++count_;
  }

  void end_scope() override {
    if (!std::exchange(is_open_, false)) return;
    out_.close(scope_logs_);
    out_.close(resource_logs_);
  }

  Result<pipeline::Converted> finish() {
    auto request = out_.finish();
    if (!request) return fail(std::move(request.error()));
    return pipeline::Converted{std::move(*request), count_};
  }

 private:
  // Views of the batch, of the options and of `stacktrace_`.
  using Attribute = std::pair<std::string_view, std::string_view>;

  // Without a resource, as in otelcol.
  void open_scope(MessageBytes scope) {
    is_open_ = true;
    resource_logs_ = out_.open(1, 1024);
    scope_logs_ = out_.open(otlp::kResourceScopes, 1024);
    out_.write_len_prefix(1, scope.size());
    out_.write(scope);
  }

  // All are texts; a later one of the same name wins.
  void collect_attributes(const ExceptionEvent& exception) {
    added_.clear();
    add("span.name", exception.span.name);
    add("span.kind", otlp::span_kind_text(exception.span.kind));
    add("status.code", otlp::status_code_text(exception.span.status_code));
    add("service.name", exception.service);
    for (const Dimension& dimension : options_.dimensions) {
      const MessageBytes value = exception.dimension(dimension);
      if (value.data() == nullptr) continue;
      const auto view = otlp::AnyValueView::read(value);
      const bool is_text = view.type == otlp::AnyValueView::Type::kString;
      add(dimension.name, is_text ? view.text : std::string_view());
    }
    const auto stacktrace =
        otlp::find_attribute(exception.event.bytes, otlp::kEventAttributes, kStacktrace);
    const bool is_text = stacktrace && stacktrace->type == otlp::AnyValueView::Type::kString;
    stacktrace_ = stacktrace && !is_text ? otlp::to_text(*stacktrace) : std::string();
    add(kStacktrace, is_text ? stacktrace->text : stacktrace_);
  }
  void add(std::string_view key, std::string_view text) {
    const auto found = std::ranges::find(added_, key, &Attribute::first);
    if (found != added_.end()) {
      found->second = text;
    } else {
      added_.emplace_back(key, text);
    }
  }
  void write_attribute(const Attribute& attribute) {
    const auto& [key, text] = attribute;
    const auto entry = out_.open(otlp::kLogRecordAttributes, key.size() + text.size() + 8);
    write_field(1, as_span(key));
    const auto value = out_.open(2, text.size() + 4);
    write_field(1, as_span(text));
    out_.close(value);
    out_.close(entry);
  }
  void write_field(uint32_t number, MessageBytes content) {
    out_.write_len_prefix(number, content.size());
    out_.write(content);
  }

  const Options& options_;
  otlp::RopeWriter out_;
  std::vector<Attribute> added_;
  std::string stacktrace_;  // of an exception whose stacktrace is no text
  bool is_open_ = false;
  otlp::RopeWriter::Nested resource_logs_;
  otlp::RopeWriter::Nested scope_logs_;
  uint32_t count_ = 0;
};

}  // namespace

Result<pipeline::Converted> logs_of(const Options& options, const Rope& batch, Work& work) {
  LogMaker maker(options, batch.size(), work);
  each_exception(batch, work, maker);
  return maker.finish();
}

}  // namespace millrace::connectors::exceptions
