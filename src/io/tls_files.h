// What is wrong with the files of a TlsOptions before a context is made of them. Any thread;
// blocks.
#pragma once

#include <string>
#include <vector>

#include "io/tls.h"

namespace millrace::io {

// Each of the files that cannot be read, in the words that make_tls_server_context() and
// make_tls_client_context() have for the first.
std::vector<std::string> unreadable_tls_files(const TlsOptions& options);

}  // namespace millrace::io
