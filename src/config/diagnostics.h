// What reading a configuration found: errors and warnings with their places, and what each key
// means here. One thread, start-up only.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "yaml/node.h"

namespace millrace::config {

struct Diagnostic {
  enum class Severity : uint8_t { kError, kWarning };
  Severity severity = Severity::kError;
  yaml::Place place;       // file:line:column
  std::string path;        // "exporters::otlp_grpc/a::sending_queue::queue_size"
  std::string message;     // "expected a duration like 5s or 300ms, found \"5\""
  std::string lines = {};  // YAML to write in place of what is there; empty: none

  // The message, and the lines behind it, indented.
  std::string full_text() const;
};

// The meaning of a key here, beside its meaning to otelcol; for `validate --explain`. A later one
// of a key counts when it says more: unknown before unsupported before ignored and so on.
struct KeyNote {
  enum class Meaning : uint8_t { kSame, kMeans, kIgnored, kUnsupported, kUnknown };
  Meaning meaning = Meaning::kSame;
  yaml::Place place = {};
  std::string text = {};  // what it means, or why it is ignored or not supported
};

class Diagnostics {
 public:
  void error(yaml::Place place, std::string path, std::string message);
  // `lines` are YAML that does what the configuration means.
  void warning(yaml::Place place, std::string path, std::string message, std::string lines = {});
  bool has_errors() const;
  // At that path or below it.
  bool has_errors_in(std::string_view path) const;
  const std::vector<Diagnostic>& all() const { return all_; }
  // One line each, in the order of their places: "otel.yaml:12:5: error: exporters::otlp::timeout:
  // …".
  std::string to_text() const;

  void note_key(std::string path, KeyNote note);
  // By path; only keys that are there.
  const std::map<std::string, KeyNote, std::less<>>& keys() const { return keys_; }

  // Paths whose values (and all below) are shown as [REDACTED].
  void mark_secret(std::string path) { secrets_.insert(std::move(path)); }
  bool is_secret(std::string_view path) const { return secrets_.contains(path); }

 private:
  std::vector<Diagnostic> all_;
  std::map<std::string, KeyNote, std::less<>> keys_;
  std::set<std::string, std::less<>> secrets_;
};

}  // namespace millrace::config
