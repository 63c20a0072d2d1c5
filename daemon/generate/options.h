// What `millrace generate` can be told. Plain data; options.cc binds it to the command line.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/metadata.h"
#include "base/signal.h"
#include "base/time.h"
#include "daemon/generate/content.h"
#include "transport/client.h"

namespace CLI {
class App;
}

namespace millrace::load {

enum class LoadProtocol : uint8_t { kGrpc, kHttp };
enum class SummaryFormat : uint8_t { kText, kJson };

// Files in PEM; empty names: the system's certificate authorities, no client certificate.
struct ClientTlsFiles {
  std::string ca_file;
  std::string cert_file;
  std::string key_file;
  bool skip_verify = false;
};

struct GenerateOptions {
  // "host:port", "http://host:port" or "https://host:port[/path]". Empty: localhost and the
  // protocol's usual port.
  std::string endpoint;
  LoadProtocol protocol = LoadProtocol::kGrpc;
  Signal signal = Signal::kTraces;
  PayloadFormat format = PayloadFormat::kProtobuf;  // JSON over HTTP only
  transport::ContentCoding compression = transport::ContentCoding::kIdentity;
  std::vector<MetadataEntry> headers;
  ClientTlsFiles tls;

  uint32_t items_per_request = 100;
  double rate = 0;           // items a second; 0: closed loop, the next request after each answer
  uint32_t connections = 1;  // each with its own socket
  uint32_t streams = 8;      // requests in flight on each connection
  uint64_t total = 0;        // items; 0: no end by number. Rounded up to whole requests
  Duration duration = 0s;    // 0: no end by time
  Duration timeout = 10s;    // for each attempt
  uint32_t retries_max = 0;  // further attempts of a request after a retryable answer

  uint16_t generator_id = 1;  // of the numbered ids; two generators at once need two
  uint64_t first_sequence = 0;
  uint64_t seed = 1;
  SummaryFormat summary = SummaryFormat::kText;
};

// Adds the options to a sub-command; `options` must live until the command line is parsed.
void add_generate_options(CLI::App& app, GenerateOptions& options);

// What does not fit together, in words for the user; empty when all is well.
std::string check_generate_options(const GenerateOptions& options);

}  // namespace millrace::load
