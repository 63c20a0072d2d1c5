#include "prometheus/page_writer.h"

#include "prometheus/protobuf_writer.h"
#include "prometheus/text_writer.h"

namespace millrace::prometheus {

std::unique_ptr<PageWriter> make_page_writer(const PageOptions& options, Sink& sink) {
  if (options.exposition.format == Format::kProtobuf) {
    return std::make_unique<ProtobufWriter>(options, sink);
  }
  return std::make_unique<TextWriter>(options, sink);
}

}  // namespace millrace::prometheus
