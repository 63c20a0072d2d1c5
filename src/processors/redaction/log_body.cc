#include "processors/redaction/log_body.h"

#include <string>

#include "wire/protobuf.h"

namespace millrace::processors::redaction {

namespace {

using otlp::AnyValueView;
using otlp::ElementReader;
using otlp::KeyValueView;
using otlp::MessageBytes;
using Kind = KeyLists::Kind;
using Type = AnyValueView::Type;

// Units of the pace for one element.
constexpr size_t kElementUnits = 64;

constexpr uint32_t kStringValue = 1;  // of AnyValue
constexpr uint32_t kArrayValue = 5;
constexpr uint32_t kKvlistValue = 6;
constexpr uint32_t kElements = 1;  // of ArrayValue and KeyValueList
constexpr uint32_t kKey = 1;       // of KeyValue
constexpr uint32_t kValue = 2;

// A tag and a length.
class Prefix {
 public:
  Prefix(uint32_t number, size_t size) {
    uint8_t* const at = wire::write_varint(bytes_, wire::make_tag(number, wire::WireType::kLen));
    size_ = static_cast<size_t>(wire::write_varint(at, size) - bytes_);
  }
  std::string_view view() const { return as_text({bytes_, size_}); }

 private:
  uint8_t bytes_[20];
  size_t size_ = 0;
};

}  // namespace

void LogBody::put_field(uint32_t number, std::string_view content) {
  out_.append(Prefix(number, content.size()).view());
  out_.append(content);
}

void LogBody::put_string(std::string_view text) { put_field(kStringValue, text); }

void LogBody::wrap(uint32_t number, size_t begin) {
  if (out_.failed()) return;
  work_.pace.step((out_.size() - begin) / 8);
  out_.insert(begin, Prefix(number, out_.size() - begin).view());
}

size_t LogBody::enter(std::string_view part) {
  const size_t before = path_.size();
  if (keys_.summary() != Summary::kDebug) return before;
  work_.pace.step(before / 8);
  if (before > 0) path_.append('.');
  path_.append(part);
  return before;
}

bool LogBody::put_scalar(const AnyValueView& value, std::string_view key) {
  const std::string_view text = text_.of(value);
  if (text_.failed()) return false;
  if (redactor_.is_allowed(text)) {
    keys_.add(Kind::kAllowed, key);
    return false;
  }
  std::string_view redacted = redactor_.redact(text).value_or(text);
  if (db_ != nullptr) redacted = db_->of_body(redacted).value_or(redacted);
  if (redacted == text) return false;
  keys_.add(Kind::kMasked, key);
  put_string(redacted);
  return true;
}

bool LogBody::put_value(const AnyValueView& value, std::string_view key) {
  if (value.type == Type::kKvlist) return put_map(value);
  if (value.type == Type::kArray) return put_list(value);
  return put_scalar(value, key);
}

bool LogBody::put_entry(MessageBytes entry) {
  const KeyValueView view = KeyValueView::read(entry);
  const AnyValueView value = AnyValueView::read(view.value);
  const size_t begin = out_.size();
  const KeyRule rule = rules_.of(view.key);
  if (rule == KeyRule::kIgnored) {
    keys_.add(Kind::kIgnored, view.key);
    put_field(kElements, as_text(entry));
    return false;
  }
  if (rule == KeyRule::kRemoved) {
    keys_.add(Kind::kRedacted, path_.view());
    return true;
  }
  put_field(kKey, view.key);
  const size_t value_begin = out_.size();
  bool is_changed = false;
  // No encoder writes a value in several parts. A reader that joins them would see more than the
  // last.
  if (rule == KeyRule::kMasked || view.is_split) {
    keys_.add(Kind::kMasked, path_.view());
    put_string(redactor_.mask_all(value.type == Type::kString ? value.text : ""));
    is_changed = true;
  } else {
    is_changed = put_value(value, path_.view());
  }
  if (is_changed) {
    wrap(kValue, value_begin);
    wrap(kElements, begin);
  } else {
    out_.truncate(begin);
    put_field(kElements, as_text(entry));
  }
  return is_changed;
}

bool LogBody::put_map(const AnyValueView& value) {
  const size_t begin = out_.size();
  bool is_changed = false;
  ElementReader entries(value);
  for (MessageBytes entry; !failure() && entries.next(&entry);) {
    work_.pace.step(kElementUnits);
    const size_t before = enter(KeyValueView::read(entry).key);
    is_changed = put_entry(entry) || is_changed;
    path_.truncate(before);
  }
  if (is_changed) wrap(kKvlistValue, begin);
  return is_changed;
}

bool LogBody::put_list(const AnyValueView& value) {
  const size_t begin = out_.size();
  bool is_changed = false;
  size_t index = 0;
  ElementReader elements(value);
  for (MessageBytes element; !failure() && elements.next(&element); index++) {
    work_.pace.step(kElementUnits);
    const size_t before = enter("[" + std::to_string(index) + "]");
    const size_t element_begin = out_.size();
    if (put_value(AnyValueView::read(element), path_.view())) {
      wrap(kElements, element_begin);
      is_changed = true;
    } else {
      out_.truncate(element_begin);
      put_field(kElements, as_text(element));
    }
    path_.truncate(before);
  }
  if (is_changed) wrap(kArrayValue, begin);
  return is_changed;
}

bool LogBody::redact(MessageBytes any_value) {
  out_.clear();
  path_.clear();
  const AnyValueView value = AnyValueView::read(any_value, &work_.pace);
  if (value.type == Type::kKvlist || value.type == Type::kArray) return put_value(value, {});
  // otelcol says nothing of a text that is allowed.
  if (redactor_.is_allowed(text_.of(value))) return false;
  return put_scalar(value, "body");
}

}  // namespace millrace::processors::redaction
