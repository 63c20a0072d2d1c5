#include "receivers/jaeger/tag_list.h"

#include <algorithm>

#include "span_output/attribute_writer.h"

namespace millrace::receivers::jaeger {

using otlp::json::Output;

std::span<Tag> sort_tags(std::span<Tag> tags, Pace& pace) {
  uint32_t position = 0;
  for (Tag& tag : tags) {
    if (tag.key == "http.status_code") tag.key = "http.response.status_code";
    tag.position = position++;
  }
  std::ranges::sort(tags, [&pace](const Tag& a, const Tag& b) {
    pace.step(8);
    return a.key != b.key ? a.key < b.key : a.position < b.position;
  });
  size_t kept = 0;
  for (size_t i = 0; i < tags.size(); ++i) {
    if (i + 1 < tags.size() && tags[i + 1].key == tags[i].key) continue;
    tags[kept++] = tags[i];
  }
  return tags.first(kept);
}

Tag* find(std::span<Tag> tags, std::string_view key) {
  const auto found = std::ranges::lower_bound(tags, key, {}, &Tag::key);
  return found != tags.end() && found->key == key ? &*found : nullptr;
}

Tag* take(std::span<Tag> tags, std::string_view key) {
  Tag* tag = find(tags, key);
  if (tag != nullptr) tag->is_used = true;
  return tag;
}

bool write_tag(Output& out, uint32_t number, std::string_view key, const Tag& tag) {
  switch (tag.kind) {
    case Tag::Kind::kBoolean:
      return span_output::write_boolean_attribute(out, number, key, tag.number != 0);
    case Tag::Kind::kInteger:
      return span_output::write_integer_attribute(out, number, key,
                                                  static_cast<int64_t>(tag.number));
    case Tag::Kind::kDouble: {
      double value = 0;
      std::memcpy(&value, &tag.number, sizeof value);
      return span_output::write_double_attribute(out, number, key, value);
    }
    case Tag::Kind::kBytes:
      return span_output::write_bytes_attribute(out, number, key, tag.bytes);
    case Tag::Kind::kText:
    case Tag::Kind::kUnknown:
      break;
  }
  return span_output::write_string_attribute(out, number, key, TagText(tag).view());
}

bool write_tags(Output& out, uint32_t number, std::span<const Tag> tags) {
  for (const Tag& tag : tags) {
    if (!tag.is_used && !write_tag(out, number, tag.key, tag)) return false;
  }
  return true;
}

}  // namespace millrace::receivers::jaeger
