// How a target or a discovery server is asked: the HTTP keys of Prometheus. Plain data, shared by
// all workers.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "config/section.h"
#include "io/tls.h"
#include "transport/client/proxy.h"

namespace millrace::receivers::prometheus {

struct HttpOptions {
  // The value of Authorization: `scheme` and the secret, or name and password. Files are read again
  // when they change.
  std::string scheme;  // "Basic", "Bearer"; empty: none
  std::string username;
  std::string username_file;
  std::string secret;
  std::string secret_file;
  std::shared_ptr<io::TlsClientContext> tls;  // for https; null: the system's authorities
  std::string tls_server_name;
  std::optional<transport::Proxy> proxy;
  bool follow_redirects = true;
};

// Reads those keys of `section`, with the certificates; the caller finishes it.
void read_http_options(config::Section& section, HttpOptions& into);

}  // namespace millrace::receivers::prometheus
