// The fields that FieldReader returns, written again one by one, equal the message; FieldSearch
// finds those of a number.
#include <cstdlib>
#include <span>
#include <string>

#include "wire/field_search.h"
#include "wire/protobuf.h"
#include "wire/writer.h"

namespace {

using millrace::wire::Field;
using millrace::wire::WireType;

void write_again(const Field& field, millrace::wire::Writer* writer) {
  switch (field.type) {
    case WireType::kVarint:
      return writer->varint_field(field.number, field.value);
    case WireType::kI64:
      return writer->fixed64_field(field.number, field.value);
    case WireType::kI32:
      return writer->fixed32_field(field.number, static_cast<uint32_t>(field.value));
    case WireType::kLen:
      return writer->bytes_field(field.number, field.bytes);
    default:
      return writer->raw(field.whole);
  }
}

// A search finds the fields of the number that a reader gives.
void check_search(std::span<const uint8_t> message, uint32_t number) {
  millrace::wire::FieldReader all(message);
  millrace::wire::FieldSearch some(message, number);
  millrace::wire::FieldSearch lens(message, number);
  const uint8_t* last = nullptr;
  Field found;
  for (Field field; all.next(&field);) {
    if (field.number != number) continue;
    last = field.whole.data();
    if (!some.next(&found) || found.whole.data() != field.whole.data() ||
        found.whole.size() != field.whole.size() || found.type != field.type ||
        found.value != field.value || found.text() != field.text()) {
      std::abort();
    }
    if (field.type != WireType::kLen) continue;
    const millrace::wire::LenField len = lens.next_len();
    if (len.bytes.data() != field.bytes.data() || len.bytes.size() != field.bytes.size() ||
        len.whole.data() != field.whole.data() || len.whole.size() != field.whole.size()) {
      std::abort();
    }
  }
  if (some.next(&found) || lens.next_len().bytes.data() != nullptr) std::abort();
  if (millrace::wire::find_last_field(message, number).data() != last) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace millrace;
  wire::FieldReader reader({data, size});
  size_t seen = 0;
  for (wire::Field field; reader.next(&field);) {
    if (field.whole.data() != data + seen || field.whole.empty()) std::abort();
    seen += field.whole.size();
    wire::Writer writer(0);
    write_again(field, &writer);
    wire::FieldReader again(writer.view());
    wire::Field copy;
    if (!again.next(&copy) || copy.number != field.number || copy.type != field.type ||
        copy.value != field.value || copy.text() != field.text() || again.next(&copy)) {
      std::abort();
    }
  }
  if (reader.ok() != (seen == size)) std::abort();
  for (uint32_t number = 1; number < 18; ++number) check_search({data, size}, number);
  return 0;
}
