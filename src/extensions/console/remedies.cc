#include "extensions/console/remedies.h"

#include <array>
#include <utility>

namespace millrace::extensions::console {
namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 16> kRemedies = {{
    {"bad_path",
     "Check the endpoint: over HTTP the path ends in /v1/traces, /v1/metrics or /v1/logs (SDKs add "
     "it to OTEL_EXPORTER_OTLP_ENDPOINT, not to OTEL_EXPORTER_OTLP_TRACES_ENDPOINT), and each "
     "signal needs a pipeline."},
    {"wrong_content_type",
     "Set OTEL_EXPORTER_OTLP_PROTOCOL to what this port serves: grpc, http/protobuf or http/json."},
    {"wrong_method", "OTLP over HTTP is sent with POST."},
    {"grpc_over_http1",
     "A proxy in between speaks HTTP/1.1: let it pass HTTP/2, or use http/protobuf."},
    {"grpc_not_served",
     "This port serves OTLP over HTTP only: use http/protobuf, or configure protocols.grpc."},
    {"http_not_served",
     "This port serves gRPC only: set OTEL_EXPORTER_OTLP_PROTOCOL=grpc, or configure "
     "protocols.http."},
    {"http2_not_served", "Use HTTP/1.1 on this port."},
    {"not_http",
     "Something else than HTTP was sent: TLS to a port without TLS (https:// in the endpoint), or "
     "another protocol."},
    {"bad_compression",
     "Use gzip, zstd or none: OTEL_EXPORTER_OTLP_COMPRESSION. A body that names a compression must "
     "be compressed so."},
    {"bad_data",
     "The sender makes invalid OTLP: the message names the field and its place in the body. Update "
     "the SDK, or set on_invalid for this receiver."},
    {"too_large",
     "Send smaller batches (OTEL_BSP_MAX_EXPORT_BATCH_SIZE), or raise max_recv_msg_size_mib or "
     "max_request_body_size."},
    {"memory",
     "The memory budget is used up: SDKs try again by themselves. If it stays so, a destination is "
     "too slow, or memory_limiter is too small."},
    {"timeout", "The connection stopped in the middle of a request: look at the network between."},
    {"unauthenticated", "Send the credentials that the receiver's auth expects."},
    {"destination",
     "A destination's queue is full or it answered with an error: the pipeline page shows which. "
     "SDKs try again by themselves."},
    {"rate_limited", "This sender sends more than the receiver's limits allow."},
}};

}  // namespace

std::string remedy_of(const recent::RefusalEntry& refusal) {
  for (const auto& [reason, remedy] : kRemedies) {
    if (reason == refusal.reason) return std::string(remedy);
  }
  return {};
}

}  // namespace millrace::extensions::console
