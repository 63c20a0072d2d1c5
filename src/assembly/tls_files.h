// All TLS files of a section that cannot be read, each as a mistake of its own: the contexts that
// are made of them stop at the first.
#pragma once

#include <string>
#include <vector>

#include "config/section.h"
#include "io/tls_files.h"

namespace millrace::assembly {

// True when there were some.
inline bool say_unreadable_files(config::Section& section, const io::TlsOptions& options) {
  const std::vector<std::string> unreadable = io::unreadable_tls_files(options);
  for (const std::string& message : unreadable) section.error(message);
  return !unreadable.empty();
}

}  // namespace millrace::assembly
