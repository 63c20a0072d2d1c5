// The fields that FieldReader returns, written again one by one, equal the message.
#include <cstdlib>
#include <string>

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
  return 0;
}
