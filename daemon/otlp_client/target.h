// The target of a command that sends: its options, and the options of the client for it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/metadata.h"
#include "base/result.h"
#include "base/time.h"
#include "compress/coding.h"
#include "io/loop.h"
#include "transport/client/client.h"

namespace CLI {
class App;
}

namespace millrace::load {

enum class LoadProtocol : uint8_t { kGrpc, kHttp };

// PEM files; empty names: the system's certificate authorities, no client certificate.
struct ClientTlsFiles {
  std::string ca_file;
  std::string cert_file;
  std::string key_file;
  bool skip_verify = false;
};

struct TargetOptions {
  // "host:port", "http://host:port" or "https://host:port[/path]". Empty: localhost and the
  // protocol's usual port.
  std::string endpoint;
  LoadProtocol protocol = LoadProtocol::kGrpc;
  compress::Coding compression = compress::Coding::kIdentity;
  std::vector<MetadataEntry> headers;
  ClientTlsFiles tls;
};

// Adds the options to a sub-command; `options` must live until the command line is parsed.
void add_target_options(CLI::App& app, TargetOptions& options);
// One option whose value is a duration ("200ms").
void add_duration(CLI::App& app, const char* name, Duration& into, const std::string& help);

// Returns the contradictions between options in words for the user; empty: there are none.
std::string check_target_options(const TargetOptions& options);

// `connections_max` applies to HTTP/1.1; gRPC uses one connection. Reads the certificates.
Result<transport::ClientOptions> client_options(const TargetOptions& options,
                                                std::string user_agent, uint32_t connections_max);
std::unique_ptr<transport::Client> make_client(io::Loop& loop, LoadProtocol protocol,
                                               const transport::ClientOptions& options);

}  // namespace millrace::load
