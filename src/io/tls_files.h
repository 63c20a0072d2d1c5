// Checks the files of a TlsOptions before a context is made from them. Any thread;
// blocks.
#pragma once

#include <string>
#include <vector>

#include "io/tls.h"

namespace millrace::io {

// Returns an error text for each file that cannot be read, in the words in which
// make_tls_server_context() and make_tls_client_context() report the first one.
std::vector<std::string> unreadable_tls_files(const TlsOptions& options);

}  // namespace millrace::io
