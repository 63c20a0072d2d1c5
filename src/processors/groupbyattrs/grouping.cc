#include "processors/groupbyattrs/grouping.h"

#include <algorithm>
#include <optional>

#include "otlp/edit.h"
#include "otlp/rope_reader.h"
#include "otlp/rope_writer.h"
#include "processors/groupbyattrs/group_collector.h"
#include "processors/groupbyattrs/group_writer.h"

namespace millrace::processors::groupbyattrs {

Result<Rope> group(const Options& options, Signal signal, const Rope& request, Work& work) {
  otlp::RopeWriter out(work, std::max(otlp::kEditedBytesMax, 2 * request.size()), "grouping");
  GroupCollector collector(options, signal, work);
  otlp::RopeReader reader(request);
  while (!reader.done()) {
    const uint32_t tag = reader.read_tag();
    if (tag != wire::make_tag(1, wire::WireType::kLen)) {
      reader.skip_value(tag);
      continue;
    }
    const std::optional<Bytes> resource_x = out.join(reader.take(reader.read_varint()));
    if (!resource_x) return out.finish();
    collector.collect_resource_x(*resource_x);
    if (collector.failed()) return fail(collector.failure());
  }
  GroupWriter writer(options, signal, collector.groups(), work, out);
  for (const ResourceGroup& group : collector.groups().resources) {
    writer.write(group);
    if (writer.failure()) return fail(*writer.failure());
    if (out.failed()) break;
  }
  return out.finish();
}

}  // namespace millrace::processors::groupbyattrs
