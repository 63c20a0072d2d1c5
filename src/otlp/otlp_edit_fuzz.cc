// An admitted request can be edited, and the result is admitted with the same number of items. An
// editor that changes nothing changes no byte.
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "memory/testing/test_work.h"
#include "otlp/admit.h"
#include "otlp/edit.h"
#include "otlp/otlp_reference.h"

namespace {

using namespace millrace;

// Returns the rope in one piece, with a chunk's padding behind it.
Bytes bytes_of(const Rope& rope) {
  std::vector<uint8_t> bytes(rope.size());
  if (!bytes.empty()) rope.copy_to(bytes.data());
  return Bytes::copy_of(bytes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto [signal, choice, message] = otlp::reference::read_input({data, size});
  const auto admitted = otlp::admit(signal, message.view());
  if (!admitted) return 0;
  const Rope request(message);
  testing::TestWork own;
  const otlp::AttributeEditor look = [](const otlp::EditContext&, otlp::AttributeList&) {};
  const otlp::AttributeEditor change = [](const otlp::EditContext&, otlp::AttributeList& list) {
    list.set("added.key", std::string_view("\x0a\x05value", 7));
  };
  for (const auto edit :
       {otlp::edit_resource_attributes, otlp::edit_scope_attributes, otlp::edit_item_attributes}) {
    MILLRACE_CHECK(bytes_of(*edit(signal, request, look, own.work)).text() == message.text());
    const auto again =
        otlp::admit(signal, bytes_of(*edit(signal, request, change, own.work)).view());
    MILLRACE_CHECK(again.has_value());
    MILLRACE_CHECK(again->item_count == admitted->item_count);
  }
  const Bytes with_schema =
      bytes_of(*otlp::edit_resources(signal, request, change, "https://schema", own.work));
  const auto again = otlp::admit(signal, with_schema.view());
  MILLRACE_CHECK(again.has_value() && again->item_count == admitted->item_count);
  // One walk with three editors gives what three walks give.
  Rope expected = *otlp::edit_resource_attributes(signal, request, change, own.work);
  expected = *otlp::edit_scope_attributes(signal, expected, change, own.work);
  expected = *otlp::edit_item_attributes(signal, expected, change, own.work);
  const otlp::Editors editors{.resource = change, .scope = change, .item = change};
  const auto together = otlp::edit_request(signal, request, editors, own.work);
  MILLRACE_CHECK(bytes_of(*together).text() == bytes_of(expected).text());
  return 0;
}
