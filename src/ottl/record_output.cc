#include "ottl/record_output.h"

#include "ottl/record_writer.h"

namespace millrace::ottl {
namespace {

using otlp::FieldSet;
using otlp::Level;

// The cost of reading a field, in units of the pace.
constexpr size_t kFieldUnits = 8;
// Changes up to this size need no reservation while they are encoded.
constexpr size_t kEncodedBytesFree = 64 << 10;

constexpr uint32_t kOwnMessage = 1;   // ResourceX.resource, ScopeX.scope
constexpr uint32_t kSchemaUrl = 3;    // ResourceX.schema_url, ScopeX.schema_url
constexpr uint32_t kTemporality = 2;  // Sum.aggregation_temporality, …
constexpr uint32_t kIsMonotonic = 3;  // Sum.is_monotonic

}  // namespace

template <class Encode>
void RecordOutput::write_encoded(size_t size_max, const Encode& encode) {
  Reservation memory;
  if (size_max > kEncodedBytesFree) {
    memory = Reservation::try_make(work_.pool.budget(), MemoryTerm::kWork, size_max);
    if (!memory) return levels_.stop(no_memory(what_, size_max, work_.pool.budget()));
  }
  writer_.truncate(0);
  encode();
  levels_.out().write(writer_.view());
  if (memory) writer_ = wire::Writer();
}

void RecordOutput::write_changes_of(const Record& record, FieldSet except) {
  write_encoded(changes_size_max(record, except), [&] { write_changes(record, &writer_, except); });
}

void RecordOutput::write_one_entry(const MapEntry& entry, uint32_t field_number) {
  uint8_t encoded[kShortEntryBytes];
  if (const size_t size = encode_short_entry(entry, field_number, encoded)) {
    return levels_.out().write({encoded, size});
  }
  write_encoded(entry_size_max(entry), [&] { write_entry(entry, field_number, &writer_); });
}

FieldSet RecordOutput::write_fields(Level& level, const Record& record, FieldSet except) {
  levels_.open(level);
  const FieldSet replaced = replaced_fields(record, except);
  if (replaced != 0) write_changes_of(record, except);
  return replaced;
}

RecordOutput::Entries RecordOutput::edited_entries(const Record& record) {
  const EditedAttributes edited = edited_attributes(record);
  return {edited.map, edited.field_number};
}

bool RecordOutput::replace_entry(Level& level, std::span<const uint8_t> whole, Entries* entries) {
  if (entries->next == entries->map->edited.size()) return false;
  const EditedEntry& edited = entries->map->edited[entries->next];
  if (edited.whole.data() != whole.data()) return false;
  entries->next++;
  levels_.drop(level, whole);
  if (!edited.is_removed) write_one_entry(edited.entry, entries->field_number);
  return true;
}

void RecordOutput::write_entries(Level& level, Entries* entries) {
  if (entries->map == nullptr) return;
  const std::vector<EditedEntry>& edited = entries->map->edited;
  while (entries->next < edited.size()) replace_entry(level, edited[entries->next].whole, entries);
  if (entries->map->entries.empty()) return;
  levels_.keep_rest(level);
  for (const MapEntry& entry : entries->map->entries) {
    write_one_entry(entry, entries->field_number);
  }
}

FieldSet RecordOutput::write_own(Level& level, const Record& record, const Bytes& own) {
  levels_.open(level);
  FieldSet written = 0;
  for (const FieldChange& change : record.changes()) {
    if (change.field == Field::kSchemaUrl) {
      written |= otlp::field_bit(kSchemaUrl);
      levels_.out().write_len_prefix(kSchemaUrl, change.value.text.size());
      levels_.out().write(as_span(change.value.text));
    } else {
      written |= otlp::field_bit(kOwnMessage);
    }
  }
  if ((written & otlp::field_bit(kOwnMessage)) == 0) return written;
  const FieldSet replaced = replaced_fields(record);
  const auto nested = levels_.out().open(kOwnMessage, own.size() + own.size() / 8);
  wire::FieldReader fields(own.view());
  for (wire::Field field; fields.next(&field);) {
    work_.pace.step(kFieldUnits);
    if ((otlp::field_bit(field.number) & replaced) == 0) levels_.out().keep(own, field.whole);
  }
  write_changes_of(record, 0);
  levels_.out().close(nested);
  return written;
}

FieldSet RecordOutput::write_data_fields(Level& data, const Record& metric) {
  FieldSet written = 0;
  for (const FieldChange& change : metric.changes()) {
    const bool is_temporality = change.field == Field::kAggregationTemporality;
    if (!is_temporality && change.field != Field::kIsMonotonic) continue;
    const uint32_t number = is_temporality ? kTemporality : kIsMonotonic;
    levels_.open(data);
    writer_.truncate(0);
    writer_.varint_field(number, static_cast<uint64_t>(change.value.number));
    levels_.out().write(writer_.view());
    written |= otlp::field_bit(number);
  }
  return written;
}

}  // namespace millrace::ottl
