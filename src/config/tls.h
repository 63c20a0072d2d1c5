// The `tls` sections of otelcol (configtls), read into io's options. Files are not opened here:
// io::make_tls_client_context and make_tls_server_context do that, and name what is wrong.
#pragma once

#include "config/section.h"
#include "io/tls.h"

namespace millrace::config {

struct ClientTls {
  bool insecure = false;  // plain text (gRPC); for HTTP the URL's scheme decides
  io::TlsOptions options;
};

// `tls` is the section itself; the caller finishes it (Section::section does).
void read_client_tls(Section& tls, ClientTls& into);
// Requires a certificate and its key.
void read_server_tls(Section& tls, io::TlsOptions& into);

}  // namespace millrace::config
