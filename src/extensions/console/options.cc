#include "extensions/console/options.h"

#include <algorithm>

#include "access/field_text.h"
#include "config/endpoint.h"
#include "extensions/console/guard.h"

namespace millrace::extensions::console {
namespace {

// A file is a quarter of the cap, and the largest request half of max_bytes: both fit with this.
constexpr size_t kFilePart = 2;

void read_file(config::Section& section, Options& into) {
  constexpr int64_t kLeast = 4 << 20;
  constexpr int64_t kMost = int64_t{32} << 30;
  section.section("file", [&](config::Section& file) {
    file.text("directory", &into.file_directory);
    if (into.file_directory.empty()) {
      file.error_at("directory", "must name a directory, for example /var/lib/millrace/console");
    }
    auto bytes = std::max(kLeast, static_cast<int64_t>(kFilePart * into.bytes_max));
    file.integer("max_bytes", &bytes, {.min = kLeast, .max = kMost});
    into.file_bytes_max = static_cast<uint64_t>(bytes);
  });
}

}  // namespace

void read(config::Section& section, Options& into) {
  constexpr int64_t kLeast = 1 << 20;
  constexpr int64_t kMost = int64_t{16} << 30;
  section.boolean("enabled", &into.is_enabled);
  section.text("endpoint", &into.endpoint);
  into.endpoint_place = section.node().place;
  if (const yaml::Node* endpoint = section.find("endpoint")) into.endpoint_place = endpoint->place;
  if (const auto endpoint = config::parse_endpoint(into.endpoint)) {
    into.host = endpoint->host;
    into.port = endpoint->port;
  } else {
    section.error_at("endpoint", endpoint.error().message);
  }
  section.secret("token", &into.token);
  if (!into.token.empty() && !access::is_value(into.token)) {
    section.error_at("token", "contains control characters");
  }
  if (into.token.empty() && !is_loopback(into.host)) {
    section.error_at("endpoint",
                     "everybody who reaches this address would see the telemetry: set token, or "
                     "listen on localhost");
  }
  section.boolean("show_before_redaction", &into.shows_before_redaction);
  auto bytes = static_cast<int64_t>(into.bytes_max);
  section.integer("max_bytes", &bytes, {.min = kLeast, .max = kMost});
  into.bytes_max = static_cast<size_t>(bytes);
  section.number("sample_rate", &into.sample_rate, 0, 1);
  read_file(section, into);
}

}  // namespace millrace::extensions::console
