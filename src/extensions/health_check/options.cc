#include "extensions/health_check/options.h"

#include "config/endpoint.h"

namespace millrace::extensions {
namespace {

using config::Section;

void read_endpoint(Section& section, HealthCheckOptions& into) {
  section.text("endpoint", &into.endpoint);
  into.endpoint_place = section.node().place;
  if (const yaml::Node* endpoint = section.find("endpoint")) into.endpoint_place = endpoint->place;
  if (const auto endpoint = config::parse_endpoint(into.endpoint)) {
    into.host = endpoint->host;
    into.port = endpoint->port;
  } else {
    section.error_at("endpoint", endpoint.error().message);
  }
  std::string transport = "tcp";
  section.text("transport", &transport);
  if (transport != "tcp") section.error_at("transport", "expected tcp");
  for (const char* key : {"tls", "auth", "cors", "middlewares"}) {
    section.unsupported(key, "the health pages are plain HTTP in this version");
  }
  for (const char* key : {"read_timeout", "read_header_timeout", "write_timeout", "idle_timeout",
                          "keep_alives_enabled", "keepalive", "max_request_body_size",
                          "include_metadata", "response_headers", "compression_algorithms"}) {
    section.ignored(key, "the health pages have fixed limits");
  }
}

void read_named_destinations(Section& section, const yaml::Node& names,
                             ReadinessRequirements& into) {
  if (names.sequence.empty()) {
    section.error_at("require", "destinations: expected a list of exporters");
  }
  for (const yaml::Node& name : names.sequence) into.destinations.push_back(name.scalar);
}

// Reads [queues, storage, destinations]; the last entry may also be {destinations: [otlp_grpc/a]}.
void read_requirements(Section& section, HealthCheckOptions& into) {
  const yaml::Node* list = section.find("require");
  if (list == nullptr || list->kind == yaml::Node::Kind::kNull) return;
  into.require_place = list->place;
  constexpr const char* kAllowed =
      "expected a list of queues, storage and destinations, the last also with the exporters that "
      "count, like [queues, {destinations: [otlp_grpc/a]}]";
  if (list->kind != yaml::Node::Kind::kSequence) return section.error_at("require", kAllowed);
  for (const yaml::Node& one : list->sequence) {
    const bool is_mapping = one.mapping.size() == 1;
    if (one.scalar == "queues") {
      into.require.queues = true;
    } else if (one.scalar == "storage") {
      into.require.storages = true;
    } else if (one.scalar == "destinations") {
      into.require.all_destinations = true;
    } else if (is_mapping && one.mapping.front().key == "destinations") {
      read_named_destinations(section, one.mapping.front().value, into.require);
    } else {
      section.error_at("require", kAllowed);
    }
  }
}

void read_path(Section& section, std::string* into) {
  if (section.text("path", into) && !into->starts_with('/')) into->insert(0, "/");
}

void read_version_2(Section& http, HealthCheckOptions& into) {
  read_endpoint(http, into);
  into.status_path = "/status";
  http.section("status", [&](Section& status) {
    bool enabled = true;
    status.boolean("enabled", &enabled);
    read_path(status, &into.status_path);
    if (!enabled) into.status_path.clear();
  });
  http.section("config", [&](Section& page) {
    bool enabled = false;
    std::string path;
    page.boolean("enabled", &enabled);
    page.text("path", &path);
    if (enabled) {
      page.error_at("enabled", "the page with the configuration is not supported in this version");
    }
  });
}

}  // namespace

void read_health_check(Section& section, HealthCheckOptions& into) {
  bool uses_version_2 = false;
  section.boolean("use_v2", &uses_version_2);
  section.unsupported("grpc", "health over gRPC is not supported in this version");
  section.ignored("component_health", "the verbose page shows the last answer of a destination");
  read_requirements(section, into);
  if (section.has("http") || uses_version_2) {
    const bool read = section.section("http", [&](Section& http) { read_version_2(http, into); });
    if (!read) section.error_at("http", "must be given under use_v2: true");
    return;
  }
  read_endpoint(section, into);
  read_path(section, &into.path);
  section.section("response_body", [&](Section& body) {
    std::string text;
    if (body.text("healthy", &text)) into.healthy_body = text;
    if (body.text("unhealthy", &text)) into.unhealthy_body = text;
  });
  section.ignored("check_collector_pipeline", "otelcol ignores it too; see /readyz");
}

void read_zpages(Section& section, HealthCheckOptions& into) {
  into.extension = "zpages";
  into.endpoint = "localhost:55679";
  into.has_debug_pages = true;
  section.means("endpoint", "the address of the pages of health_check, to which /debug/… leads");
  read_endpoint(section, into);
  section.ignored("expvar", "it shows variables of Go");
}

}  // namespace millrace::extensions
