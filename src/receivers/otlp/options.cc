#include "receivers/otlp/options.h"

namespace millrace::receivers {
namespace {

using config::Section;

void read_path(Section& section, std::string_view key, std::string* into) {
  if (!section.text(key, into)) return;
  if (!into->starts_with('/')) into->insert(0, "/");
}

void read_http(Section& section, HttpOptions& into) {
  reception::read_http_listener(section, "localhost:4318", into);
  read_path(section, "traces_url_path", &into.traces_path);
  read_path(section, "metrics_url_path", &into.metrics_path);
  read_path(section, "logs_url_path", &into.logs_path);
}

}  // namespace

void read_otlp_receiver(Section& section, OtlpReceiverOptions& into) {
  // A protocol that is mentioned, also with nothing behind it, is served.
  section.section("protocols", [&](Section& protocols) {
    protocols.section("grpc", [&](Section& grpc) {
      reception::read_grpc_listener(grpc, "localhost:4317", into.grpc.emplace());
    });
    protocols.section("http", [&](Section& http) { read_http(http, into.http.emplace()); });
  });
  if (!into.grpc && !into.http) {
    section.error(
        "must specify at least one protocol when using the OTLP receiver: "
        "protocols::grpc or protocols::http");
  }
}

}  // namespace millrace::receivers
