#include "prometheus/labels.h"

#include <algorithm>
#include <tuple>

#include "prometheus/escaping.h"

namespace millrace::prometheus {
namespace {

constexpr std::string_view kScopePrefix = "otel_scope_";

// Appends `text` with each of `special` behind a backslash; a line feed becomes \n.
void append_with_backslashes(std::string& into, std::string_view text, std::string_view special) {
  for (;;) {
    const size_t length = std::min(text.find_first_of(special), text.size());
    into += text.substr(0, length);
    if (length == text.size()) return;
    into += '\\';
    into += text[length] == '\n' ? 'n' : text[length];
    text.remove_prefix(length + 1);
  }
}

}  // namespace

void append_escaped_help(std::string& into, std::string_view text) {
  append_with_backslashes(into, text, "\\\n");
}

void append_escaped_value(std::string& into, std::string_view text) {
  append_with_backslashes(into, text, "\\\n\"");
}

void append_label(std::string& text, std::string_view name, std::string_view value) {
  if (!text.empty()) text += ',';
  if (is_plain_label_name(name)) {
    text += name;
  } else {
    text += '"';
    append_escaped_value(text, name);
    text += '"';
  }
  text += "=\"";
  append_escaped_value(text, value);
  text += '"';
}

void LabelBuilder::begin(MetricKind kind) {
  refused_ = {};
  if (kind == MetricKind::kSummary) refused_ = "quantile";
  if (kind == MetricKind::kHistogram || kind == MetricKind::kExponentialHistogram) refused_ = "le";
  arena_.clear();
  entries_.clear();
}

LabelBuilder::Piece LabelBuilder::keep(std::string_view text) {
  const Piece piece{static_cast<uint32_t>(arena_.size()), static_cast<uint32_t>(text.size())};
  arena_ += text;
  return piece;
}

void LabelBuilder::add_entry(Piece name, std::string_view key, std::string_view value, Rank rank) {
  const Piece kept_key = keep(key);
  const Piece kept_value = keep(value);
  entries_.push_back({name, kept_key, kept_value, rank, static_cast<uint32_t>(entries_.size())});
}

bool LabelBuilder::add_translated(std::string_view key, std::string_view value, Rank rank) {
  const size_t begin = arena_.size();
  if (!namer_.append_label_name(arena_, key)) return false;
  const Piece name{static_cast<uint32_t>(begin), static_cast<uint32_t>(arena_.size() - begin)};
  if (!refused_.empty() && text_of(name) == refused_) return false;
  add_entry(name, key, value, rank);
  return true;
}

bool LabelBuilder::add_attribute(std::string_view key, std::string_view value) {
  return add_translated(key, value, Rank::kAttribute);
}

bool LabelBuilder::add_resource_attribute(std::string_view key, std::string_view value) {
  return add_translated(key, value, Rank::kResource);
}

void LabelBuilder::add_scope(std::string_view name, std::string_view version,
                             std::string_view schema_url) {
  set("otel_scope_name", name);
  set("otel_scope_version", version);
  set("otel_scope_schema_url", schema_url);
}

bool LabelBuilder::add_scope_attribute(std::string_view key, std::string_view value) {
  if (key == "name" || key == "version" || key == "schema_url") return true;
  return add_translated(std::string(kScopePrefix).append(key), value, Rank::kAttribute);
}

void LabelBuilder::set(std::string_view name, std::string_view value) {
  add_entry(keep(name), {}, value, Rank::kFixed);
}

void LabelBuilder::set_default(std::string_view name, std::string_view value) {
  add_entry(keep(name), {}, value, Rank::kDefault);
}

void LabelBuilder::add_named(std::string_view name, std::string_view key, std::string_view value) {
  add_entry(keep(name), key, value, Rank::kAttribute);
}

void LabelBuilder::append_to(std::string& text) {
  std::ranges::sort(entries_, {}, [this](const Entry& entry) {
    return std::tuple(text_of(entry.name), text_of(entry.key), entry.rank, entry.order);
  });
  for (size_t begin = 0; begin < entries_.size();) {
    size_t end = begin + 1;
    while (end < entries_.size() && text_of(entries_[end].name) == text_of(entries_[begin].name)) {
      ++end;
    }
    append_label(text, text_of(entries_[begin].name), value_of_group(begin, end));
    begin = end;
  }
}

// Entries with one name, sorted by key; of one key, a resource's comes before a point's.
std::string_view LabelBuilder::value_of_group(size_t begin, size_t end) {
  if (end - begin == 1) return text_of(entries_[begin].value);
  const Entry* fixed = nullptr;
  const Entry* fallback = nullptr;
  const Entry* resource = nullptr;
  size_t joined_count = 0;
  joined_.clear();
  for (size_t i = begin; i < end; ++i) {
    const Entry& entry = entries_[i];
    if (entry.rank == Rank::kFixed) {
      fixed = &entry;
    } else if (entry.rank == Rank::kDefault) {
      fallback = &entry;
    } else {
      const std::string_view value = text_of(entry.value);
      const bool is_replaced = entry.rank == Rank::kAttribute && resource != nullptr &&
                               text_of(resource->key) == text_of(entry.key);
      if (entry.rank == Rank::kResource) resource = &entry;
      if (is_replaced || (joined_count > 0 && joined_ == value)) continue;
      if (joined_count++ > 0) joined_ += ';';
      joined_ += value;
    }
  }
  if (fixed != nullptr) return text_of(fixed->value);
  if (joined_count == 0 && fallback != nullptr) return text_of(fallback->value);
  return joined_;
}

std::string_view LabelReader::quoted(std::string& storage) {
  // rest_ begins behind the opening quote.
  const size_t plain = rest_.find_first_of("\\\"");
  if (rest_[plain] == '"') {
    const std::string_view text = rest_.substr(0, plain);
    rest_.remove_prefix(plain + 1);
    return text;
  }
  storage.assign(rest_.substr(0, plain));
  size_t at = plain;
  for (; rest_[at] != '"'; ++at) {
    if (rest_[at] != '\\') {
      storage += rest_[at];
      continue;
    }
    ++at;
    storage += rest_[at] == 'n' ? '\n' : rest_[at];
  }
  rest_.remove_prefix(at + 1);
  return storage;
}

bool LabelReader::next(std::string_view* name, std::string_view* value) {
  if (rest_.empty()) return false;
  if (rest_.front() == ',') rest_.remove_prefix(1);
  if (rest_.front() == '"') {
    rest_.remove_prefix(1);
    *name = quoted(name_);
    rest_.remove_prefix(2);  // ="
  } else {
    const size_t size = rest_.find('=');
    *name = rest_.substr(0, size);
    rest_.remove_prefix(size + 2);
  }
  *value = quoted(value_);
  return true;
}

}  // namespace millrace::prometheus
