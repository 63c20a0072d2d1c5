#include "processors/redaction/key_lists.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

namespace millrace::processors::redaction {

namespace {

struct Names {
  std::string_view keys;  // empty: never listed
  std::string_view count;
};

constexpr std::array<std::array<Names, 4>, 2> kNames = {
    {{{{"redaction.redacted.keys", "redaction.redacted.count"},
       {"redaction.masked.keys", "redaction.masked.count"},
       {"redaction.allowed.keys", "redaction.allowed.count"},
       {"", "redaction.ignored.count"}}},
     {{{"redaction.body.redacted.keys", "redaction.body.redacted.count"},
       {"redaction.body.masked.keys", "redaction.body.masked.count"},
       {"redaction.body.allowed.keys", "redaction.body.allowed.count"},
       {"", "redaction.body.ignored.count"}}}}};

using Size = uint32_t;

}  // namespace

KeyLists::KeyLists(Summary summary, Work& work)
    : summary_(summary),
      lists_{{{.keys = {work, "listing redacted keys"}},
              {.keys = {work, "listing masked keys"}},
              {.keys = {work, "listing allowed keys"}},
              {.keys = {work, "listing ignored keys"}}}} {}

void KeyLists::add_to_list(Kind kind, std::string_view key) {
  List& list = lists_[static_cast<size_t>(kind)];
  list.count++;
  if (summary_ != Summary::kDebug || kind == Kind::kIgnored) return;
  const auto size = static_cast<Size>(key.size());
  char bytes[sizeof size];
  std::memcpy(bytes, &size, sizeof size);
  list.keys.append({bytes, sizeof size});
  list.keys.append(key);
}

void KeyLists::clear() {
  for (List& list : lists_) {
    list.count = 0;
    list.keys.reset();
  }
}

void KeyLists::write(Of of, otlp::AttributeList& attributes) {
  if (summary_ == Summary::kSilent) return;
  for (size_t i = 0; i < lists_.size(); i++) {
    const List& list = lists_[i];
    if (list.count == 0) continue;
    const Names& names = kNames[static_cast<size_t>(of)][i];
    if (list.keys.failed()) return attributes.fail(*list.keys.failure());
    if (summary_ == Summary::kDebug && !names.keys.empty()) {
      write_keys(names.keys, list, attributes);
    }
    int64_t count = list.count;
    const auto before = attributes.find(names.count);
    if (before && before->type == otlp::AnyValueView::Type::kInt) count += before->int_value;
    attributes.set(names.count, otlp::encode_int_value(count));
  }
  clear();
}

void KeyLists::write_keys(std::string_view name, const List& list,
                          otlp::AttributeList& attributes) {
  const auto before = attributes.find(name);
  std::string_view listed;
  if (before && before->type == otlp::AnyValueView::Type::kString) listed = before->text;
  if (!attributes.may_copy(list.keys.size() + listed.size())) return;
  std::vector<std::string_view> keys;
  for (std::string_view rest = list.keys.view(); !rest.empty();) {
    Size size = 0;
    std::memcpy(&size, rest.data(), sizeof size);
    keys.push_back(rest.substr(sizeof size, size));
    rest.remove_prefix(sizeof size + size);
  }
  while (!listed.empty()) {
    const size_t end = listed.find(',');
    keys.push_back(listed.substr(0, end));
    if (end == std::string_view::npos) break;
    listed.remove_prefix(end + 1);
    if (listed.empty()) keys.emplace_back();
  }
  std::ranges::sort(keys);
  std::string joined;
  for (const std::string_view& key : keys) {
    if (&key != keys.data()) joined += ',';
    joined += key;
  }
  attributes.set(name, otlp::encode_string_value(joined));
}

}  // namespace millrace::processors::redaction
