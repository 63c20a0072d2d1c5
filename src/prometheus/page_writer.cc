#include "prometheus/page_writer.h"

#include "prometheus/text_writer.h"

namespace millrace::prometheus {

std::unique_ptr<PageWriter> make_page_writer(const PageOptions& options, Sink& sink) {
  return std::make_unique<TextWriter>(options, sink);
}

}  // namespace millrace::prometheus
