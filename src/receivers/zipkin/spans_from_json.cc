#include "receivers/zipkin/spans_from_json.h"

#include <charconv>
#include <string>

#include "otlp/json/syntax.h"
#include "receivers/zipkin/json_reader.h"
#include "wire/paced_utf8.h"

namespace millrace::receivers::zipkin {
namespace {

bool equals_ignoring_case(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    const auto lower = [](char c) {
      return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
    };
    if (lower(a[i]) != lower(b[i])) return false;
  }
  return true;
}

bool parse_hex(std::string_view text, uint64_t* into) {
  if (text.empty() || text.size() > 16) return false;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *into, 16);
  return error == std::errc() && end == text.data() + text.size();
}

class SpansReader {
 public:
  SpansReader(std::string_view body, Arena& arena, Work& work, SpanSink& sink, Failure& failure)
      : body_(body),
        reader_(body, arena, work.pace),
        span_(work.pool.budget()),
        sink_(sink),
        failure_(failure) {}

  Status run() {
    const bool is_null = reader_.peek() == 'n';
    const bool fine = (is_null ? reader_.read_null() : read_array()) && reader_.at_end();
    if (fine) return {};
    if (failure_.kind == Failure::Kind::kNone) failure_.kind = Failure::Kind::kBadData;
    return fail(Code::kInvalidArgument, message());
  }

 private:
  bool read_array() {
    if (!reader_.enter('[')) return false;
    for (index_ = 0; reader_.next_element(); ++index_) {
      if (reader_.peek() == 'n') {
        if (!reader_.read_null()) return false;
        continue;
      }
      const size_t begin = reader_.offset();
      if (!read_span()) return false;
      field_ = "id";
      if (span_.id == 0) return reader_.fail_at(begin, "is missing");
      field_ = {};
      if (sink_.take(span_, failure_)) continue;
      return reader_.fail_at(begin, failure_.what.empty() ? "not translated" : failure_.what);
    }
    return !reader_.failed();
  }

  bool read_span() {
    span_.clear();
    span_.tells_absence = true;
    if (!reader_.enter('{')) return false;
    for (std::string_view key; reader_.next_member(&key);) {
      if (!read_field(key)) return false;
    }
    return !reader_.failed();
  }

  struct FieldReader {
    std::string_view key;
    bool (SpansReader::*read)();
  };
  bool read_field(std::string_view key) {
    static constexpr FieldReader kFields[] = {
        {"traceId", &SpansReader::read_trace_id},
        {"id", &SpansReader::read_id},
        {"parentId", &SpansReader::read_parent_id},
        {"name", &SpansReader::read_name},
        {"kind", &SpansReader::read_kind},
        {"timestamp", &SpansReader::read_timestamp},
        {"duration", &SpansReader::read_duration},
        {"localEndpoint", &SpansReader::read_local},
        {"remoteEndpoint", &SpansReader::read_remote},
        {"annotations", &SpansReader::read_annotations},
        {"tags", &SpansReader::read_tags},
        {"shared", &SpansReader::read_flag},
        {"debug", &SpansReader::read_flag},
    };
    for (const FieldReader& field : kFields) {
      if (!equals_ignoring_case(key, field.key)) continue;
      field_ = field.key;
      // A trace id of null is an error in otelcol, but says no more than a missing one.
      const bool fine = reader_.peek() == 'n' ? reader_.read_null() : (this->*field.read)();
      if (fine) field_ = {};
      return fine;
    }
    return reader_.skip_value();
  }

  bool read_trace_id() {
    const size_t begin = reader_.offset();
    std::string_view text;
    if (!reader_.read_string(&text)) return false;
    uint64_t high = 0;
    uint64_t low = 0;
    const size_t high_size = text.size() > 16 ? text.size() - 16 : 0;
    if ((high_size != 0 && !parse_hex(text.substr(0, high_size), &high)) ||
        !parse_hex(text.substr(high_size), &low)) {
      return reader_.fail_at(begin, "expected 1 to 32 hex digits");
    }
    for (size_t i = 0; i < 8; ++i) {
      span_.trace_id[i] = static_cast<uint8_t>(high >> (56 - 8 * i));
      span_.trace_id[8 + i] = static_cast<uint8_t>(low >> (56 - 8 * i));
    }
    return true;
  }
  // An empty id is none.
  bool read_span_id(uint64_t* into) {
    const size_t begin = reader_.offset();
    std::string_view text;
    if (!reader_.read_string(&text)) return false;
    *into = 0;
    if (text.empty() || parse_hex(text, into)) return true;
    return reader_.fail_at(begin, "expected 1 to 16 hex digits");
  }
  bool read_id() { return read_span_id(&span_.id); }
  bool read_parent_id() { return read_span_id(&span_.parent_id); }
  bool read_name() { return reader_.read_string(&span_.name); }
  bool read_kind() {
    std::string_view text;
    if (!reader_.read_string(&text)) return false;
    span_.kind = text == "CLIENT"     ? Kind::kClient
                 : text == "SERVER"   ? Kind::kServer
                 : text == "PRODUCER" ? Kind::kProducer
                 : text == "CONSUMER" ? Kind::kConsumer
                                      : Kind::kNone;
    return true;
  }
  bool read_unsigned(uint64_t max, std::string_view what, uint64_t* into) {
    const size_t begin = reader_.offset();
    std::string_view token;
    if (!reader_.read_number(&token)) return false;
    const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), *into);
    const bool is_whole = error == std::errc() && end == token.data() + token.size();
    return (is_whole && *into <= max) || reader_.fail_at(begin, what);
  }
  bool read_microseconds(uint64_t* into) {
    return read_unsigned(kMicrosecondsMax, kNotMicroseconds, into);
  }
  bool read_timestamp() { return read_microseconds(&span_.timestamp_us); }
  bool read_duration() { return read_microseconds(&span_.duration_us); }
  bool read_local() { return read_endpoint(span_.local); }
  bool read_remote() { return read_endpoint(span_.remote); }
  bool read_flag() {
    bool ignored = false;
    return reader_.read_boolean(&ignored);
  }

  bool read_endpoint(Endpoint& into) {
    if (!reader_.enter('{')) return false;
    for (std::string_view key; reader_.next_member(&key);) {
      if (reader_.peek() == 'n') {
        if (!reader_.read_null()) return false;
      } else if (!read_endpoint_field(key, into)) {
        return false;
      }
    }
    return !reader_.failed();
  }
  bool read_endpoint_field(std::string_view key, Endpoint& into) {
    if (equals_ignoring_case(key, "serviceName")) return reader_.read_string(&into.service_name);
    if (equals_ignoring_case(key, "ipv4")) return read_address(&into.ipv4);
    if (equals_ignoring_case(key, "ipv6")) return read_address(&into.ipv6);
    if (!equals_ignoring_case(key, "port")) return reader_.skip_value();
    uint64_t port = 0;
    if (!read_unsigned(65535, "expected a port from 0 to 65535", &port)) return false;
    into.port = static_cast<uint16_t>(port);
    return true;
  }
  bool read_address(AddressText* into) {
    const size_t begin = reader_.offset();
    std::string_view text;
    if (!reader_.read_string(&text)) return false;
    *into = {};
    if (text.empty() || parse_address(text, into)) return true;
    return reader_.fail_at(begin, "expected an IP address");
  }

  bool read_annotations() {
    span_.annotations.clear();
    if (!reader_.enter('[')) return false;
    while (reader_.next_element()) {
      if (reader_.peek() == 'n') return reader_.fail("expected an object");
      const size_t begin = reader_.offset();
      Annotation annotation;
      if (!read_annotation(annotation)) return false;
      if (annotation.timestamp_us == 0) {
        return reader_.fail_at(begin, "an annotation needs a timestamp");
      }
      if (!span_.annotations.push(annotation)) return no_memory();
    }
    return !reader_.failed();
  }
  bool read_annotation(Annotation& into) {
    if (!reader_.enter('{')) return false;
    for (std::string_view key; reader_.next_member(&key);) {
      bool fine = false;
      if (reader_.peek() == 'n') {
        fine = reader_.read_null();
      } else if (equals_ignoring_case(key, "timestamp")) {
        fine = read_microseconds(&into.timestamp_us);
      } else if (equals_ignoring_case(key, "value")) {
        fine = reader_.read_string(&into.value);
      } else {
        fine = reader_.skip_value();
      }
      if (!fine) return false;
    }
    return !reader_.failed();
  }

  bool read_tags() {
    if (!reader_.enter('{')) return false;
    for (Tag tag; reader_.next_member(&tag.key);) {
      tag.value = {};
      const bool fine =
          reader_.peek() == 'n' ? reader_.read_null() : reader_.read_string(&tag.value);
      if (!fine) return false;
      if (!span_.tags.push(tag)) return no_memory();
    }
    return !reader_.failed();
  }

  bool no_memory() {
    failure_.kind = Failure::Kind::kMemory;
    return reader_.fail("no memory");
  }

  std::string message() const {
    std::string text = otlp::json::locate(body_, reader_.failure_offset()).to_text() + ": spans[" +
                       std::to_string(index_) + "]";
    if (!field_.empty()) text += "." + std::string(field_);
    return text + ": " + std::string(reader_.failure());
  }

  const std::string_view body_;
  JsonReader reader_;
  Span span_;
  SpanSink& sink_;
  Failure& failure_;
  size_t index_ = 0;
  std::string_view field_;
};

}  // namespace

Status read_json_spans(std::string_view body, Arena& arena, Work& work, SpanSink& sink,
                       Failure& failure) {
  if (!wire::is_utf8_in_steps(body, work.pace)) {
    failure.kind = Failure::Kind::kBadData;
    return fail(Code::kInvalidArgument, "the JSON is not valid UTF-8");
  }
  return SpansReader(body, arena, work, sink, failure).run();
}

}  // namespace millrace::receivers::zipkin
