#include "receivers/zipkin/options.h"

namespace millrace::receivers::zipkin {

void read_options(config::Section& section, Options& into) {
  reception::read_http_listener(section, kDefaultEndpoint, into.http);
  section.boolean("parse_string_tags", &into.parse_string_tags);
}

}  // namespace millrace::receivers::zipkin
