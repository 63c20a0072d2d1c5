// Reads one mapping of the configuration into typed fields, collecting every error with its place.
//
//   config::Section section(node, diagnostics, "receivers::otlp");
//   section.duration("timeout", &options.timeout);
//   section.section("retry_on_failure", [&](config::Section& retry) { … });
//   section.unsupported("storage", "the disk queue is not in this version");
//   section.finish();  // names every unknown key, with the nearest known one
//
// Fields keep their value when the key is absent (so defaults live in the option struct). An error
// is recorded in Diagnostics as file:line:column, the value found, what is allowed; reading goes
// on, so that one run shows all mistakes. One thread, start-up only.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/metadata.h"
#include "base/time.h"
#include "config/diagnostics.h"
#include "yaml/node.h"

namespace millrace::config {

struct IntegerRange {
  int64_t min = INT64_MIN;
  int64_t max = INT64_MAX;
};

class Section {
 public:
  // A null node (`otlp:` with nothing behind it) reads as an empty mapping.
  Section(const yaml::Node& node, Diagnostics& diagnostics, std::string path);

  bool has(std::string_view key) const;
  const yaml::Node* find(std::string_view key);  // marks the key as known; null when absent

  // Each returns true when the key was present and valid. A null value (`timeout:`) keeps the
  // default and returns false.
  bool text(std::string_view key, std::string* into);
  bool boolean(std::string_view key, bool* into);
  bool integer(std::string_view key, int64_t* into, IntegerRange range = {});
  bool number(std::string_view key, double* into, double min, double max);
  // Go's syntax: "300ms", "1.5h", "1m30s", 0. Negative values are errors.
  bool duration(std::string_view key, Duration* into);
  bool text_list(std::string_view key, std::vector<std::string>* into);
  // A map, or a list of {name, value}; names are lowered.
  bool headers(std::string_view key, std::vector<MetadataEntry>* into);
  // Like text, and print-config shows [REDACTED].
  bool secret(std::string_view key, std::string* into);

  struct Choice {
    std::string_view name;
    int value;
  };
  // `*into` is an enum of int-compatible values.
  template <class Enum>
  bool choice(std::string_view key, Enum* into, std::initializer_list<Choice> choices) {
    const std::optional<int> chosen = choose(key, choices);
    if (chosen) *into = static_cast<Enum>(*chosen);
    return chosen.has_value();
  }

  // Runs `read` on the nested mapping when the key is present, then finishes it. Present means
  // mentioned, also with null. With an `enabled` key the reader handles it itself.
  bool section(std::string_view key, const std::function<void(Section&)>& read);
  // Each element of a list of mappings.
  bool section_list(std::string_view key, const std::function<void(Section&)>& read);
  // Each entry of a mapping of mappings, in file order.
  bool section_map(std::string_view key,
                   const std::function<void(std::string_view name, Section&)>& read);

  // A key that otelcol knows and this version does not do: an error that says so when present.
  void unsupported(std::string_view key, std::string_view why);
  // A key that means nothing here but is harmless (memory_limiter's GC keys): accepted, noted.
  void ignored(std::string_view key, std::string_view why);
  // A key that is read and whose effect differs from otelcol's. No warning.
  void means(std::string_view key, std::string_view what);
  void finish();

  // A key of otelcol's that has a new name: warns when it is used, so that the caller reads both.
  // True when the old one is present.
  bool deprecated(std::string_view key, std::string_view use_instead);

  // Errors about this section as a whole, or about one of its keys.
  void error(std::string message);
  void error_at(std::string_view key, std::string message);
  void warning_at(std::string_view key, std::string message);
  const std::string& path() const { return path_; }
  // Whether this section has errors; those of other sections do not count.
  bool has_errors() const { return diagnostics_.has_errors_in(path_); }
  Diagnostics& diagnostics() { return diagnostics_; }
  const yaml::Node& node() const { return node_; }

 private:
  std::optional<int> choose(std::string_view key, std::initializer_list<Choice> choices);
  void expected(std::string_view key, std::string_view what, const yaml::Node& found);
  std::string child_path(std::string_view key) const;
  void note(std::string_view key, KeyNote::Meaning meaning, std::string_view text = {});
  // Where the key itself is, and where its value is.
  const yaml::Place& key_place_of(std::string_view key) const;
  const yaml::Place& place_of_key(std::string_view key) const;

  const yaml::Node& node_;
  Diagnostics& diagnostics_;
  std::string path_;
  std::set<std::string, std::less<>> known_;
  std::set<std::string, std::less<>> unsupported_;  // known, but never suggested
};

}  // namespace millrace::config
