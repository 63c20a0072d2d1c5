// The zipkin receiver's options, with otelcol's names: an HTTP server's keys and parse_string_tags.
#pragma once

#include "config/section.h"
#include "reception/listener_options.h"

namespace millrace::receivers::zipkin {

inline constexpr std::string_view kDefaultEndpoint = "localhost:9411";

struct Options {
  reception::HttpListenerOptions http;
  // Whether a tag that is the text of a number or a boolean becomes one.
  bool parse_string_tags = false;
};

// `section` is the receiver's own; the caller finishes it.
void read_options(config::Section& section, Options& into);

}  // namespace millrace::receivers::zipkin
