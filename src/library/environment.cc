// The environment variables of the OpenTelemetry specification ("OpenTelemetry Protocol Exporter"
// and "General SDK Configuration"), and configurations in YAML, as sources of a Config.
#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <string>

#include "library/plan_from_config.h"
#include "millrace/config.h"

namespace millrace::v1 {
namespace {

// Reads variables and keeps the first error.
class Reader {
 public:
  explicit Reader(const Config::Variables& variables) : variables_(variables) {}

  // Null when the variable is unset or empty, which the specification treats alike.
  const char* find(const std::string& name) const {
    const char* value = variables_(name.c_str());
    return value == nullptr || *value == '\0' ? nullptr : value;
  }
  // OTEL_EXPORTER_OTLP_TRACES_<what> takes precedence over OTEL_EXPORTER_OTLP_<what>.
  const char* find_otlp(const std::string& what, std::string* name) const {
    *name = "OTEL_EXPORTER_OTLP_TRACES_" + what;
    if (const char* value = find(*name)) return value;
    *name = "OTEL_EXPORTER_OTLP_" + what;
    return find(*name);
  }
  template <class Number>
  void number(const std::string& name, const char* value, uint64_t min, Number* into) {
    if (value == nullptr) return;
    const std::string_view text = trimmed(value);
    uint64_t read = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), read);
    if (error != std::errc() || end != text.data() + text.size() || read < min ||
        read > UINT32_MAX) {
      wrong(name, value, "a whole number of " + std::to_string(min) + " to 4294967295");
      return;
    }
    *into = static_cast<Number>(read);
  }
  void wrong(const std::string& name, std::string_view value, const std::string& allowed) {
    if (!error_.message.empty()) return;
    error_ = {ErrorCode::kInvalidArgument,
              name + ": expected " + allowed + ", found \"" + std::string(value) + "\""};
  }
  const Error& error() const { return error_; }

  static std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
  }

 private:
  const Config::Variables& variables_;
  Error error_;
};

// Decodes %41 to A. False: a % without two hexadecimal digits.
bool percent_decoded(std::string_view text, std::string* into) {
  into->clear();
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      into->push_back(text[i]);
      continue;
    }
    unsigned value = 0;
    if (i + 2 >= text.size()) return false;
    const auto [end, error] = std::from_chars(text.data() + i + 1, text.data() + i + 3, value, 16);
    if (error != std::errc() || end != text.data() + i + 3) return false;
    into->push_back(static_cast<char>(value));
    i += 2;
  }
  return true;
}

// "key1=value1,key2=value2", as W3C Baggage without properties. Calls `see` with each pair.
template <class See>
void read_pairs(Reader& reader, const std::string& name, std::string_view list, See see) {
  while (!list.empty()) {
    const size_t comma = list.find(',');
    const std::string_view pair = Reader::trimmed(list.substr(0, comma));
    list = comma == std::string_view::npos ? std::string_view() : list.substr(comma + 1);
    if (pair.empty()) continue;
    const size_t equals = pair.find('=');
    std::string value;
    const std::string_view key = Reader::trimmed(pair.substr(0, equals));
    if (equals == std::string_view::npos || key.empty() ||
        !percent_decoded(Reader::trimmed(pair.substr(equals + 1)), &value)) {
      // The values of headers are secrets: only the name is shown, also for "name: value".
      reader.wrong(name, key.substr(0, key.find_first_of(": \t")),
                   "pairs like key=value, with commas between, percent-encoded");
      return;
    }
    see(std::string(key), std::move(value));
  }
}

void read_endpoint(Reader& reader, Config& config) {
  std::string name;
  if (const char* value = reader.find_otlp("PROTOCOL", &name)) {
    const std::string_view text = Reader::trimmed(value);
    if (text == "grpc") {
      config.endpoint_options.protocol = Protocol::kGrpc;
    } else if (text == "http/protobuf") {
      config.endpoint_options.protocol = Protocol::kHttp;
    } else if (text == "http/json") {
      config.endpoint_options.protocol = Protocol::kHttpJson;
    } else {
      reader.wrong(name, value, "grpc, http/protobuf or http/json");
    }
    // The specification has a different default endpoint for HTTP.
    if (text != "grpc" && config.endpoint == Config{}.endpoint) {
      config.endpoint = "http://localhost:4318";
    }
  }
  if (const char* value = reader.find_otlp("ENDPOINT", &name)) {
    config.endpoint = Reader::trimmed(value);
    // The signal's own variable is the whole URL; the library appends the signal's path to its
    // URLs.
    constexpr std::string_view kPath = "/v1/traces";
    if (name == "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT" && config.endpoint.ends_with(kPath)) {
      config.endpoint.resize(config.endpoint.size() - kPath.size());
    }
  }
  while (config.endpoint.ends_with('/')) config.endpoint.pop_back();
}

void read_client(Reader& reader, Endpoint& options) {
  std::string name;
  const char* value = reader.find_otlp("TIMEOUT", &name);
  reader.number(name, value, 1, &options.timeout_ms);
  if ((value = reader.find_otlp("COMPRESSION", &name)) != nullptr) {
    const std::string_view text = Reader::trimmed(value);
    if (text == "gzip") {
      options.compression = Compression::kGzip;
    } else if (text == "zstd") {
      options.compression = Compression::kZstd;
    } else if (text == "none") {
      options.compression = Compression::kNone;
    } else {
      reader.wrong(name, value, "gzip, zstd or none");
    }
  }
  if ((value = reader.find_otlp("HEADERS", &name)) != nullptr) {
    read_pairs(reader, name, value, [&](std::string key, std::string text) {
      options.headers.emplace_back(std::move(key), std::move(text));
    });
  }
  if ((value = reader.find_otlp("CERTIFICATE", &name)) != nullptr) options.tls.ca_file = value;
  if ((value = reader.find_otlp("CLIENT_CERTIFICATE", &name)) != nullptr) {
    options.tls.certificate_file = value;
  }
  if ((value = reader.find_otlp("CLIENT_KEY", &name)) != nullptr) options.tls.key_file = value;
}

void read_resource(Reader& reader, Config& config) {
  const std::string name = "OTEL_RESOURCE_ATTRIBUTES";
  if (const char* value = reader.find(name)) {
    read_pairs(reader, name, value, [&](std::string key, std::string text) {
      const auto same = std::ranges::find(config.resource, key, &Attribute::key);
      if (same != config.resource.end()) {
        same->value = Value(std::move(text));
      } else {
        config.resource.push_back({std::move(key), Value(std::move(text))});
      }
    });
  }
  if (const char* value = reader.find("OTEL_SERVICE_NAME")) config.service_name = value;
}

}  // namespace

Result<Config> Config::from_environment(Config base, const Variables& variables) {
  Reader reader(variables);
  read_endpoint(reader, base);
  read_client(reader, base.endpoint_options);
  read_resource(reader, base);
  const auto number = [&](const char* name, uint64_t min, auto* into) {
    reader.number(name, reader.find(name), min, into);
  };
  number("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", 0, &base.attribute_value_length_max);
  number("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", 1, &base.batch_size);
  number("OTEL_BSP_SCHEDULE_DELAY", 1, &base.batch_timeout_ms);
  number("OTEL_BSP_MAX_QUEUE_SIZE", 1, &base.buffer_capacity);
  if (!reader.error().message.empty()) return reader.error();
  return base;
}

Result<Config> Config::from_environment(Config base) {
  return from_environment(std::move(base),
                          [](const char* name) -> const char* { return std::getenv(name); });
}

Result<Config> Config::from_environment() { return from_environment(Config{}); }

Result<Config> Config::from_yaml(std::string_view text) {
  auto plan = library::plan_from_yaml(text);
  if (!plan) return plan.error();
  Config config;
  config.yaml = text;
  return config;
}

}  // namespace millrace::v1
