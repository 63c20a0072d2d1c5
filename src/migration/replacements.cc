#include "migration/replacements.h"

#include <algorithm>
#include <cctype>
#include <optional>
#include <utility>

#include "config/print.h"

namespace millrace::migration {
namespace {

using yaml::Node;

constexpr std::string_view kExporters = "exporters";
constexpr std::string_view kRemovedExporter = "otelcol has removed this exporter; ";

Node::Entry* find_entry(Node& mapping, std::string_view key) {
  const auto found = std::ranges::find(mapping.mapping, key, &Node::Entry::key);
  return found == mapping.mapping.end() ? nullptr : &*found;
}

// As old versions of otelcol did: "logLevel" is "loglevel".
Node::Entry* find_in_any_case(Node& mapping, std::string_view lower_key) {
  const auto is_same = [lower_key](const Node::Entry& entry) {
    return std::ranges::equal(entry.key, lower_key, [](unsigned char a, unsigned char b) {
      return std::tolower(a) == b;
    });
  };
  const auto found = std::ranges::find_if(mapping.mapping, is_same);
  return found == mapping.mapping.end() ? nullptr : &*found;
}

std::string lowered(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

// "logging/a" is of type "logging" and name "a".
std::string_view type_of(std::string_view id) { return trimmed(id.substr(0, id.find('/'))); }
std::string_view name_of(std::string_view id) {
  const size_t slash = id.find('/');
  return slash == std::string_view::npos ? "" : trimmed(id.substr(slash + 1));
}

std::string rendered(const Node& node) {
  return config::print(node, config::Diagnostics(), config::PrintFormat::kYaml,
                       config::SecretMode::kRedacted);
}

// `path` are keys; null when one of them is missing.
Node* find_at(Node& root, std::initializer_list<std::string_view> path) {
  Node* node = &root;
  for (const std::string_view key : path) {
    node = node->find(key);
    if (node == nullptr) return nullptr;
  }
  return node;
}

// The colon before the port; none within ${…} counts.
size_t port_colon(std::string_view address) {
  int depth = 0;
  for (size_t at = address.size(); at > 0; --at) {
    const char letter = address[at - 1];
    if (letter == '}') ++depth;
    if (letter == '{') --depth;
    if (letter == ':' && depth == 0) return at - 1;
  }
  return std::string_view::npos;
}

class Replacer {
 public:
  Replacer(Node& root, Replacements& into) : root_(root), into_(into) {}

  void run() {
    if (Node* exporters = root_.find(kExporters)) {
      for (Node::Entry& entry : exporters->mapping) replace_exporter(*exporters, entry);
    }
    drop_ballast();
    drop_ballast_of_limiters();
    replace_metrics_address();
    into_.edits = editor_.edits();
  }

 private:
  void note_change(const yaml::Place& place, std::string path, std::string reason,
                   std::string lines) {
    into_.changes.push_back({place, std::move(path), std::move(reason), std::move(lines)});
  }

  // --- exporters

  void replace_exporter(Node& exporters, Node::Entry& entry) {
    const std::string type(type_of(entry.key));
    if (type == "logging") replace(exporters, entry, "debug", &Replacer::debug_of_logging);
    if (type == "loki") replace(exporters, entry, "otlp_http", &Replacer::http_of_loki);
    if (type == "jaeger") replace(exporters, entry, "otlp_grpc", &Replacer::grpc_of_jaeger);
    const auto moves = [this, &entry](const char* key, const char* place_now, const char* section,
                                      void (Replacer::*move)(Node::Entry&)) {
      const Node::Entry* found = find_entry(entry.value, key);
      if (found == nullptr) return;
      const yaml::Place place = found->key_place;
      const std::string path = std::string(kExporters) + "::" + entry.key + "::" + key;
      (this->*move)(entry);
      const bool is_there = find_entry(entry.value, section) != nullptr;
      note_change(place, path, std::string("otelcol has moved this key to ") + place_now,
                  is_there ? lines_of(entry, {section}) : "");
    };
    moves("batcher", "sending_queue::batch", "sending_queue", &Replacer::move_batcher);
    const bool is_otlp = type_of(entry.key).starts_with("otlp");
    if (is_otlp) moves("insecure", "tls::insecure", "tls", &Replacer::move_insecure);
  }

  // Of the exporter only those keys; all without any.
  static std::string lines_of(const Node::Entry& exporter,
                              std::initializer_list<std::string_view> keys) {
    Node shown = exporter.value;
    if (keys.size() > 0) {
      std::erase_if(shown.mapping, [keys](const Node::Entry& entry) {
        return std::ranges::find(keys, entry.key) == keys.end();
      });
    }
    return rendered(
        mapping_node(std::string(kExporters), mapping_node(exporter.key, std::move(shown))));
  }

  // `change` changes the keys and returns what is said of the change.
  void replace(const Node& exporters, Node::Entry& entry, std::string_view type,
               std::string (Replacer::*change)(Node::Entry&)) {
    const std::string before = entry.key;
    const std::string after = free_id(exporters, before, type);
    const std::string note = before + " is " + after + " now";
    editor_.rename_key(entry, after, note);
    const std::string reason = (this->*change)(entry);
    const size_t places = rename_in_pipelines(before, after, note);
    note_change(entry.key_place, std::string(kExporters) + "::" + before,
                std::string(kRemovedExporter) + reason +
                    (places == 0 ? "" : ". In the pipelines it is " + after),
                lines_of(entry, {}));
  }

  // "debug", or "debug/logging" where there is a debug already; "loki" becomes "otlp_http/loki".
  static std::string free_id(const Node& exporters, const std::string& id, std::string_view type) {
    const std::string name(name_of(id));
    const std::string old_type(type_of(id));
    const std::string simple = type == "debug" && name.empty() ? "" : "/";
    std::string id_after = std::string(type) + simple;
    if (!simple.empty()) id_after += name.empty() ? old_type : name;
    const std::string long_name =
        std::string(type) + "/" + old_type + (name.empty() ? "" : "_" + name);
    for (size_t number = 1; exporters.find(id_after) != nullptr; ++number) {
      id_after = number == 1 ? long_name : long_name + "_" + std::to_string(number);
    }
    return id_after;
  }

  size_t rename_in_pipelines(std::string_view before, const std::string& after,
                             const std::string& note) {
    size_t places = 0;
    Node* pipelines = find_at(root_, {"service", "pipelines"});
    if (pipelines == nullptr) return 0;
    for (Node::Entry& pipeline : pipelines->mapping) {
      Node* exporters = pipeline.value.find(kExporters);
      if (exporters == nullptr) continue;
      for (Node& id : exporters->sequence) {
        if (trimmed(id.scalar) != before || id.kind != Node::Kind::kScalar) continue;
        editor_.replace_scalar(id, after, note);
        ++places;
      }
    }
    return places;
  }

  std::string debug_of_logging(Node::Entry& exporter) {
    if (Node::Entry* level = find_in_any_case(exporter.value, "loglevel")) {
      const std::string said = lowered(level->value.scalar);
      const std::string verbosity = said == "debug"                     ? "detailed"
                                    : said == "warn" || said == "error" ? "basic"
                                                                        : "normal";
      if (exporter.value.find("verbosity") != nullptr || said.starts_with("${")) {
        editor_.remove_entry(exporter.value, level->key,
                             "verbosity has replaced loglevel: " + said);
      } else {
        editor_.replace_scalar(level->value, verbosity, "");
        editor_.rename_key(*level, "verbosity", "loglevel was " + said);
      }
    }
    // The defaults of the two differ.
    if (exporter.value.find("verbosity") == nullptr) {
      editor_.add_entry(exporter, "verbosity", plain_node("normal"), "the default of logging");
    }
    if (exporter.value.find("sampling_thereafter") == nullptr) {
      editor_.add_entry(exporter, "sampling_thereafter", plain_node("500"),
                        "the default of logging; 1 prints everything");
    }
    return "debug does its work";
  }

  std::string grpc_of_jaeger(Node::Entry& exporter) {
    if (Node* endpoint = exporter.value.find("endpoint")) {
      constexpr std::string_view kOldPort = ":14250";
      if (endpoint->scalar.ends_with(kOldPort)) {
        std::string moved = endpoint->scalar;
        moved.replace(moved.size() - kOldPort.size(), kOldPort.size(), ":4317");
        editor_.replace_scalar(*endpoint, moved, "Jaeger's port for OTLP over gRPC");
      }
    }
    return "Jaeger takes OTLP: otlp_grpc to its port 4317 does the work";
  }

  std::string http_of_loki(Node::Entry& exporter) {
    if (Node* endpoint = exporter.value.find("endpoint")) {
      if (auto moved = otlp_endpoint_of_loki(endpoint->scalar)) {
        editor_.replace_scalar(*endpoint, *moved, "Loki's OTLP path");
      }
    }
    for (const char* key : {"labels", "format", "default_labels_enabled"}) {
      editor_.remove_entry(
          exporter.value, key,
          std::string(key) + " is gone: Loki makes labels of the resource's attributes");
    }
    move_tenant(exporter);
    return "Loki takes OTLP: otlp_http to its path /otlp does the work, and Loki makes labels of "
           "the resource's attributes that its limits_config::otlp_config names";
  }

  // Without a value where the path is none of the exporter's.
  static std::optional<std::string> otlp_endpoint_of_loki(std::string_view endpoint) {
    while (endpoint.ends_with('/')) endpoint.remove_suffix(1);
    for (const std::string_view path : {"/loki/api/v1/push", "/api/prom/push"}) {
      if (!endpoint.ends_with(path)) continue;
      endpoint.remove_suffix(path.size());
      return std::string(endpoint) + "/otlp";
    }
    return std::nullopt;
  }

  // tenant_id, or tenant: {source: static, value: …}, is the header X-Scope-OrgID.
  void move_tenant(Node::Entry& exporter) {
    std::string tenant;
    if (const Node* id = exporter.value.find("tenant_id")) tenant = id->scalar;
    if (const Node* section = exporter.value.find("tenant")) {
      const Node* source = section->find("source");
      const Node* value = section->find("value");
      const bool is_static = source != nullptr && source->scalar == "static";
      if (is_static && value != nullptr) tenant = value->scalar;
    }
    for (const char* key : {"tenant_id", "tenant"}) {
      editor_.remove_entry(exporter.value, key, "a header names the tenant");
    }
    if (tenant.empty()) return;
    constexpr const char* kHeader = "X-Scope-OrgID";
    Node::Entry* headers = find_entry(exporter.value, "headers");
    if (headers == nullptr) {
      editor_.add_entry(exporter, "headers", mapping_node(kHeader, text_node(tenant)), "");
    } else if (headers->value.kind != Node::Kind::kSequence &&
               headers->value.find(kHeader) == nullptr) {
      editor_.add_entry(*headers, kHeader, text_node(tenant), "");
    }
  }

  // `insecure: true` beside the endpoint is tls: {insecure: true}.
  void move_insecure(Node::Entry& exporter) {
    Node value = *exporter.value.find("insecure");
    editor_.remove_entry(exporter.value, "insecure", "insecure is a key of tls");
    Node::Entry* tls = find_entry(exporter.value, "tls");
    if (tls == nullptr) {
      editor_.add_entry(exporter, "tls", mapping_node("insecure", std::move(value)), "");
    } else if (tls->value.find("insecure") == nullptr && tls->value.sequence.empty()) {
      editor_.add_entry(*tls, "insecure", std::move(value), "");
    }
  }

  // batcher: {min_size_items: 1} is sending_queue: {batch: {min_size: 1}}.
  void move_batcher(Node::Entry& exporter) {
    Node batcher = *exporter.value.find("batcher");
    editor_.remove_entry(exporter.value, "batcher", "sending_queue::batch does its work");
    const Node* enabled = batcher.find("enabled");
    if (enabled != nullptr && enabled->scalar == "false") return;
    std::erase_if(batcher.mapping, [](const Node::Entry& each) { return each.key == "enabled"; });
    for (Node::Entry& each : batcher.mapping) {
      if (each.key == "min_size_items") each.key = "min_size";
      if (each.key == "max_size_items") each.key = "max_size";
    }
    batcher.kind = Node::Kind::kMapping;
    Node::Entry* queue = find_entry(exporter.value, "sending_queue");
    if (queue == nullptr) {
      editor_.add_entry(exporter, "sending_queue", mapping_node("batch", std::move(batcher)), "");
    } else if (queue->value.find("batch") == nullptr && queue->value.sequence.empty()) {
      editor_.add_entry(*queue, "batch", std::move(batcher), "");
    }
  }

  // --- everything else

  void drop_ballast() {
    Node* extensions = root_.find("extensions");
    if (extensions == nullptr) return;
    std::vector<std::string> ids;
    for (const Node::Entry& entry : extensions->mapping) {
      if (type_of(entry.key) == "memory_ballast") ids.push_back(entry.key);
    }
    const std::string note = "memory_ballast is not needed: there is no garbage collector";
    for (const std::string& id : ids) {
      const yaml::Place place = find_entry(*extensions, id)->key_place;
      editor_.remove_entry(*extensions, id, note);
      Node* listed = find_at(root_, {"service", "extensions"});
      for (size_t i = listed == nullptr ? 0 : listed->sequence.size(); i > 0; --i) {
        if (trimmed(listed->sequence[i - 1].scalar) != id) continue;
        editor_.remove_element(*listed, i - 1, note);
      }
      note_change(place, "extensions::" + id,
                  "otelcol has removed this extension, and it does nothing here, where there is no "
                  "garbage collector: leave it out, also of service::extensions",
                  "");
    }
  }

  void drop_ballast_of_limiters() {
    constexpr std::string_view kKey = "ballast_size_mib";
    Node* processors = root_.find("processors");
    if (processors == nullptr) return;
    for (Node::Entry& entry : processors->mapping) {
      const Node::Entry* ballast = find_entry(entry.value, kKey);
      if (type_of(entry.key) != "memory_limiter" || ballast == nullptr) continue;
      note_change(ballast->key_place, "processors::" + entry.key + "::" + std::string(kKey),
                  "otelcol has removed this key; leave it out", "");
      editor_.remove_entry(entry.value, kKey, "there is no ballast");
    }
  }

  // address: "0.0.0.0:8888" is a reader.
  void replace_metrics_address() {
    Node* telemetry = find_at(root_, {"service", "telemetry"});
    Node::Entry* metrics = telemetry == nullptr ? nullptr : find_entry(*telemetry, "metrics");
    if (metrics == nullptr) return;
    const Node::Entry* address = find_entry(metrics->value, "address");
    if (address == nullptr) return;
    const std::string path = "service::telemetry::metrics::address";
    const yaml::Place place = address->key_place;
    const std::string text = address->value.scalar;
    const size_t colon = port_colon(text);
    if (metrics->value.find("readers") != nullptr) {
      editor_.remove_entry(metrics->value, "address", "readers have replaced it");
      return note_change(place, path, "readers have replaced this key; leave it out", "");
    }
    // A text that is no address stays, and is a mistake.
    if (colon == std::string::npos || colon + 1 == text.size()) return;
    std::string host = text.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    if (host.empty()) host = "0.0.0.0";
    Node reader;
    reader.kind = Node::Kind::kMapping;
    reader.mapping.push_back({"host", {}, text_node(host)});
    reader.mapping.push_back({"port", {}, plain_node(text.substr(colon + 1))});
    Node readers;
    readers.kind = Node::Kind::kSequence;
    readers.sequence.push_back(
        mapping_node("pull", mapping_node("exporter", mapping_node("prometheus", reader))));
    editor_.remove_entry(metrics->value, "address", "readers have replaced address: " + text);
    note_change(
        place, path, "readers have replaced this key",
        rendered(mapping_node(
            "service",
            mapping_node("telemetry", mapping_node("metrics", mapping_node("readers", readers))))));
    editor_.add_entry(*metrics, "readers", std::move(readers), "");
  }

  Node& root_;
  Replacements& into_;
  TreeEditor editor_;
};

}  // namespace

Replacements replace_removed(Node& root) {
  Replacements replacements;
  Replacer(root, replacements).run();
  return replacements;
}

void warn(const std::vector<Change>& changes, config::Diagnostics& diagnostics) {
  for (const Change& change : changes) {
    diagnostics.note_key(change.path,
                         {config::KeyNote::Meaning::kMeans, change.place, change.reason});
    diagnostics.warning(change.place, change.path, change.reason, change.lines);
  }
}

}  // namespace millrace::migration
