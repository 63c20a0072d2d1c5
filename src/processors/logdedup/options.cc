#include "processors/logdedup/options.h"

#include <set>
#include <string_view>
#include <utility>

#include "io/system.h"
#include "rules/read.h"

namespace millrace::processors::logdedup {
namespace {

using config::Section;

// The time zone of the machine; UTC where it has none.
Zone local_time_zone() {
  const auto file = io::read_small_file()("/etc/localtime");
  return file ? ottl::TimeZone::parse(*file) : nullptr;
}

// At the dots; "\." is a dot within a key.
std::vector<std::string> split_field(std::string_view text) {
  std::vector<std::string> parts(1);
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size() && text[i + 1] == '.') {
      parts.back() += text[++i];
    } else if (text[i] == '.') {
      parts.emplace_back();
    } else {
      parts.back() += text[i];
    }
  }
  return parts;
}

void read_fields(Section& section, std::string_view key, bool may_be_all_attributes,
                 std::vector<FieldPath>& into) {
  std::vector<std::string> texts;
  section.text_list(key, &texts);
  std::set<std::string> known;
  for (const std::string& text : texts) {
    std::vector<std::string> parts = split_field(text);
    const std::string root = std::move(parts.front());
    parts.erase(parts.begin());
    if (root != "body" && root != "attributes") {
      section.error_at(key, "\"" + text + "\" must start with body or attributes");
    } else if (parts.empty() && (root == "body" || !may_be_all_attributes)) {
      section.error_at(key, "\"" + text + "\": name a field in it, like " + root + ".name");
    } else if (!known.insert(text).second) {
      section.error_at(key, "\"" + text + "\" is given twice");
    } else {
      into.push_back({.is_in_body = root == "body", .keys = std::move(parts)});
    }
  }
}

}  // namespace

void read_options(Section& section, Options& into) {
  section.duration("interval", &into.interval);
  if (into.interval <= 0s) section.error_at("interval", "interval must be greater than 0");
  section.text("log_count_attribute", &into.log_count_attribute);
  if (into.log_count_attribute.empty()) {
    section.error_at("log_count_attribute", "log_count_attribute must be set");
  }
  std::string timezone = "UTC";
  section.text("timezone", &timezone);
  if (timezone == "Local") {
    into.timezone = local_time_zone();
  } else if (!timezone.empty() && timezone != "UTC") {
    into.timezone = ottl::load_time_zone(timezone);
    if (into.timezone == nullptr) {
      section.error_at("timezone", "timezone is invalid: unknown time zone " + timezone);
    }
  }
  read_fields(section, "include_fields", false, into.include_fields);
  read_fields(section, "exclude_fields", true, into.exclude_fields);
  if (!into.include_fields.empty() && !into.exclude_fields.empty()) {
    section.error_at("include_fields", "cannot define both exclude_fields and include_fields");
  }
  std::vector<rules::ConditionList> conditions;
  rules::read_conditions(section, "conditions", ottl::Context::kLog, rules::ErrorMode::kPropagate,
                         &conditions);
  if (!conditions.empty() && !conditions[0].conditions.empty()) {
    into.conditions.push_back(std::move(conditions));
    into.condition_texts = rules::number_rules(into.conditions);
  }
  for (const char* key : {"metadata_keys", "metadata_cardinality_limit"}) {
    section.unsupported(key, "records are compared whatever request they came with");
  }
}

}  // namespace millrace::processors::logdedup
