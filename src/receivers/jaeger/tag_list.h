// Tags as otelcol's map of attributes has them: of one key the last counts.
#pragma once

#include <array>
#include <charconv>
#include <cstring>
#include <span>
#include <string_view>

#include "base/pace.h"
#include "otlp/json/output.h"
#include "receivers/jaeger/span.h"

namespace millrace::receivers::jaeger {

// Sorts the tags by key, renames http.status_code to http.response.status_code as otelcol does, and
// returns those that count.
std::span<Tag> sort_tags(std::span<Tag> tags, Pace& pace);

// Of sorted tags; null: there is none.
Tag* find(std::span<Tag> tags, std::string_view key);
// The same, and the tag is used up.
Tag* take(std::span<Tag> tags, std::string_view key);

// The tag as a text, which for a number is "". Views the tag or itself.
class TagText {
 public:
  explicit TagText(const Tag& tag) : tag_(tag) {
    if (tag.kind != Tag::Kind::kUnknown) return;
    constexpr std::string_view kBegin = "<Unknown Jaeger TagType \"";
    constexpr std::string_view kEnd = "\">";
    std::memcpy(buffer_.data(), kBegin.data(), kBegin.size());
    char* at = std::to_chars(buffer_.data() + kBegin.size(), buffer_.data() + buffer_.size(),
                             static_cast<int32_t>(tag.number))
                   .ptr;
    std::memcpy(at, kEnd.data(), kEnd.size());
    size_ = static_cast<size_t>(at - buffer_.data()) + kEnd.size();
  }
  std::string_view view() const {
    if (tag_.kind == Tag::Kind::kUnknown) return {buffer_.data(), size_};
    return tag_.kind == Tag::Kind::kText ? tag_.text : std::string_view();
  }

 private:
  const Tag& tag_;
  std::array<char, 40> buffer_;
  size_t size_ = 0;
};

// Attributes of the tags that are not used up, in the field of that number. False: no room.
[[nodiscard]] bool write_tag(otlp::json::Output& out, uint32_t number, std::string_view key,
                             const Tag& tag);
[[nodiscard]] bool write_tags(otlp::json::Output& out, uint32_t number, std::span<const Tag> tags);

}  // namespace millrace::receivers::jaeger
