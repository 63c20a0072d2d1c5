// The labels of a series as text, made once when the series is new and copied by each scrape.
//
// Form: name="value" joined by commas, sorted by name, without braces. In values \, " and line feed
// are escaped. A name outside [a-zA-Z_][a-zA-Z0-9_]* is quoted and escaped like a value, which only
// strategies that keep UTF-8 produce. The same labels give the same text, so the text may be the
// key of a series.
//
// LabelBuilder: one thread, reused from series to series so that it allocates nothing once its
// memory has grown. It keeps copies, about the bytes of the keys and values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "prometheus/names.h"

namespace millrace::prometheus {

class LabelBuilder {
 public:
  explicit LabelBuilder(const Namer& namer) : namer_(namer) {}

  // Starts with no labels. `kind` decides which name is refused: `le` for histograms, `quantile`
  // for summaries.
  void begin(MetricKind kind);

  // Attributes of a data point. The name is translated from `key`. Two keys with one name become
  // one label whose values are joined by ';' in the order of the keys; a value that is already
  // there alone is not repeated. Of one key given twice the values are joined as well.
  // False: the key has no label (Namer::append_label_name) or its name is refused; the point should
  // be dropped and counted, because another point may differ from it by this attribute alone.
  bool add_attribute(std::string_view key, std::string_view value);
  // An attribute of the resource that is copied to each point: replaces an attribute of the same
  // key.
  bool add_resource_attribute(std::string_view key, std::string_view value);
  // otel_scope_name, otel_scope_version and otel_scope_schema_url, also when they are empty.
  void add_scope(std::string_view name, std::string_view version, std::string_view schema_url);
  // otel_scope_<key>. Keys that name one of the three above are left out (true).
  bool add_scope_attribute(std::string_view key, std::string_view value);

  // A label with this very name, which replaces what attributes gave (job, instance).
  void set(std::string_view name, std::string_view value);
  // A label that attributes and set() precede (external_labels, const_labels).
  void set_default(std::string_view name, std::string_view value);

  // A label with this very name that is joined with others of the name, in the order of the keys.
  void add_named(std::string_view name, std::string_view key, std::string_view value);

  // Appends the text. Afterwards the builder must be begun again.
  void append_to(std::string& text);

 private:
  enum class Rank : uint8_t { kFixed, kResource, kAttribute, kDefault };
  struct Piece {
    uint32_t offset = 0;
    uint32_t size = 0;
  };
  struct Entry {
    Piece name;
    Piece key;
    Piece value;
    Rank rank = Rank::kAttribute;
    uint32_t order = 0;  // of the calls
  };

  std::string_view text_of(Piece piece) const {
    return std::string_view(arena_).substr(piece.offset, piece.size);
  }
  Piece keep(std::string_view text);
  bool add_translated(std::string_view key, std::string_view value, Rank rank);
  void add_entry(Piece name, std::string_view key, std::string_view value, Rank rank);
  std::string_view value_of_group(size_t begin, size_t end);

  const Namer& namer_;
  std::string_view refused_;
  std::string arena_;  // names, keys and values
  std::vector<Entry> entries_;
  std::string joined_;  // of the current group
};

// Reads the text that LabelBuilder made, for formats that need names and values apart.
class LabelReader {
 public:
  explicit LabelReader(std::string_view text) : rest_(text) {}
  // The views hold until the next call. Precondition: LabelBuilder or append_label made the text.
  bool next(std::string_view* name, std::string_view* value);

 private:
  std::string_view quoted(std::string& storage);

  std::string_view rest_;
  std::string name_;   // only when it was escaped
  std::string value_;  // only when it was escaped
};

// Appends one name="value", behind a comma unless `text` is empty.
void append_label(std::string& text, std::string_view name, std::string_view value);
// Appends `text` with \ and line feed escaped.
void append_escaped_help(std::string& into, std::string_view text);
// Appends `text` with \, " and line feed escaped.
void append_escaped_value(std::string& into, std::string_view text);

}  // namespace millrace::prometheus
