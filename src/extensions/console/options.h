// The options of the extension `console`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "config/section.h"
#include "yaml/node.h"

namespace millrace::extensions::console {

struct Options {
  bool is_enabled = true;
  std::string endpoint = "localhost:8888";
  std::string host = "localhost";
  uint16_t port = 8888;
  yaml::Place endpoint_place;
  std::string token;  // empty: none; needed where `host` is not this machine alone
  size_t bytes_max = size_t{64} << 20;
  double sample_rate = 1;  // the share of the traces that is kept, from 0 to 1
  // Of the files that keep recent telemetry over a restart; empty: none are written.
  std::string file_directory;
  uint64_t file_bytes_max = 0;  // of all of them
  // Whether the tap may show what a redaction behind it would hide.
  bool shows_before_redaction = false;
};

// Anything invalid is an error in the section's diagnostics.
void read(config::Section& section, Options& into);

}  // namespace millrace::extensions::console
