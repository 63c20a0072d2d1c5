#include "processors/groupbyattrs/groups.h"

namespace millrace::processors::groupbyattrs {

using otlp::MessageBytes;

MessageBytes find_value(MessageBytes message, uint32_t attributes_field, std::string_view key,
                        Pace& pace) {
  otlp::MessageReader attributes(message, attributes_field, &pace);
  for (MessageBytes attribute; attributes.next(&attribute);) {
    const auto view = otlp::KeyValueView::read(attribute);
    if (view.key != key) continue;
    return view.value.data() != nullptr ? view.value : attribute.last(0);
  }
  return {};
}

void set_resource(const Options& options, const ResourceGroup& group, Work& work,
                  otlp::AttributeList& list) {
  const MessageBytes resource = group.resource.resource.view();
  list.reset(resource, otlp::kResourceAttributes);
  for (const std::string& key : options.keys) {
    if (group.item.empty()) break;
    const MessageBytes value = find_value(group.item, group.attributes_field, key, work.pace);
    if (value.data() != nullptr) list.set(key, as_text(value));
  }
  wire::FieldReader fields(resource);
  for (wire::Field field; fields.next(&field);) {
    work.pace.step(otlp::kFieldUnits);
    const bool is_attribute = field.is(otlp::kResourceAttributes, wire::WireType::kLen);
    if (!is_attribute) list.replace(field.whole, "");
  }
}

}  // namespace millrace::processors::groupbyattrs
