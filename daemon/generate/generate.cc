#include "daemon/generate/generate.h"

#include <cstdio>
#include <string>
#include <utility>

#include "daemon/generate/interrupt.h"
#include "daemon/generate/load_run.h"
#include "daemon/generate/option_values.h"
#include "io/epoll/epoll.h"
#include "io/tls.h"

namespace millrace::load {
namespace {

constexpr uint16_t kGrpcPort = 4317;
constexpr uint16_t kHttpPort = 4318;

int fail_to_begin(const std::string& why) {
  std::fprintf(stderr, "generate: %s\n", why.c_str());
  return 2;
}

Result<transport::ClientOptions> client_options(const GenerateOptions& options) {
  const bool http = options.protocol == LoadProtocol::kHttp;
  auto endpoint = parse_endpoint(options.endpoint, http ? kHttpPort : kGrpcPort);
  if (!endpoint) return fail(endpoint.error());
  transport::ClientOptions client;
  client.host = endpoint->host;
  client.port = endpoint->port;
  client.scheme = endpoint->tls ? "https" : "http";
  for (const Signal signal : kSignals) {
    client.paths[index_of(signal)] = endpoint->path + "/v1/" + std::string(signal_name(signal));
  }
  client.headers = options.headers;
  client.user_agent = "millrace-generate";
  if (options.format == PayloadFormat::kJson) client.content_type = "application/json";
  client.connections_max = http ? options.streams : 1;
  client.reconnect_initial = 100ms;
  client.reconnect_max = 1s;
  if (endpoint->tls) {
    io::TlsOptions tls;
    tls.ca_file = options.tls.ca_file;
    tls.cert_file = options.tls.cert_file;
    tls.key_file = options.tls.key_file;
    tls.insecure_skip_verify = options.tls.skip_verify;
    auto context = io::make_tls_client_context(tls);
    if (!context) return fail(context.error());
    client.tls = *std::move(context);
  }
  return client;
}

}  // namespace

int run_generate(const GenerateOptions& wanted) {
  GenerateOptions options = wanted;
  // "--total 10" means ten, not a request of a hundred.
  if (options.total > 0 && options.total < options.items_per_request) {
    options.items_per_request = static_cast<uint32_t>(options.total);
  }
  if (const std::string fault = check_generate_options(options); !fault.empty()) {
    return fail_to_begin(fault);
  }
  auto client = client_options(options);
  if (!client) return fail_to_begin(client.error().message);
  auto loop = io::make_epoll_loop();
  if (!loop) return fail_to_begin(loop.error().message);
  LoadRun::Clients clients;
  for (uint32_t i = 0; i < options.connections; ++i) {
    clients.push_back(options.protocol == LoadProtocol::kGrpc
                          ? transport::make_grpc_client(**loop, *client)
                          : transport::make_http_client(**loop, *client));
  }
  LoadRun run(**loop, options, std::move(clients), [&] { (*loop)->stop(); });
  const InterruptWatch interrupt(**loop, [&] { run.end_sending(); });
  (*loop)->post([&] { run.start(); });
  (*loop)->run();
  const LoadResult& result = run.result();
  const std::string summary = options.summary == SummaryFormat::kJson
                                  ? to_json(result)
                                  : to_text(result, std::string(item_name(options.signal)));
  std::fputs(summary.c_str(), stdout);
  std::fflush(stdout);
  return result.ok == result.sent ? 0 : 1;
}

}  // namespace millrace::load
