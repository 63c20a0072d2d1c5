#include "config/document.h"

#include <algorithm>
#include <optional>
#include <set>

#include "config/nearest.h"
#include "wire/utf8.h"

namespace millrace::config {
namespace {

using yaml::Node;

constexpr size_t kNameBytesMax = 1024;

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// ^[a-zA-Z][0-9a-zA-Z_]{0,62}$
bool is_type(std::string_view type) {
  return !type.empty() && type.size() <= 63 && is_letter(type[0]) &&
         std::ranges::all_of(
             type, [](char c) { return is_letter(c) || (c >= '0' && c <= '9') || c == '_'; });
}

// ^[^\pZ\pC\pS]+$ for ASCII: no spaces, no control characters, none of $+<=>^`|~. Other UTF-8 is
// taken as it is.
bool is_name(std::string_view name) {
  return !name.empty() && name.size() <= kNameBytesMax && std::ranges::none_of(name, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte <= 0x20 || byte == 0x7f || std::string_view("$+<=>^`|~").contains(c);
  });
}

// Empty, with the reason in `why`, when the text is no id.
std::optional<ComponentId> parse_id(ComponentKind kind, std::string_view text, std::string* why) {
  const size_t slash = text.find('/');
  const std::string_view type = trimmed(text.substr(0, slash));
  ComponentId id;
  id.text = std::string(type);
  if (!is_type(type)) {
    *why = "\"" + std::string(text) +
           "\" is no component id: expected type or type/name, the type made of letters, digits "
           "and _";
    return std::nullopt;
  }
  if (slash != std::string_view::npos) {
    const std::string_view name = trimmed(text.substr(slash + 1));
    if (!is_name(name)) {
      *why = "\"" + std::string(text) +
             "\" is no component id: the name behind the / must not be empty nor have spaces or "
             "symbols like $ or <";
      return std::nullopt;
    }
    id.name = name;
    id.text += "/" + id.name;
  }
  id.type = canonical_type(kind, type);
  return id;
}

// Names and values may enter messages (the attributes of a processor) and answers, all of which are
// UTF-8. What the parser lets through comes from variables and files that ${…} reads. The value is
// not shown: it may be a secret.
void refuse_what_is_not_utf8(const Node& node, const std::string& path, Diagnostics& diagnostics) {
  if (!wire::is_utf8(node.scalar)) {
    diagnostics.error(node.place, path, "the value is not UTF-8");
  }
  for (size_t i = 0; i < node.sequence.size(); ++i) {
    refuse_what_is_not_utf8(node.sequence[i], path, diagnostics);
  }
  for (const Node::Entry& entry : node.mapping) {
    const std::string key = wire::to_utf8(entry.key);
    if (key != entry.key) diagnostics.error(entry.key_place, path, "a name is not UTF-8");
    refuse_what_is_not_utf8(entry.value, path.empty() ? key : path + "::" + key, diagnostics);
  }
}

// What ties the parts together while reading.
class Reader {
 public:
  Reader(const Catalog& catalog, Diagnostics& diagnostics)
      : catalog_(catalog), diagnostics_(diagnostics) {}

  Document read(const Node& root) {
    refuse_what_is_not_utf8(root, "", diagnostics_);
    Section top(root, diagnostics_, "");
    for (const ComponentKind kind : kComponentKinds) read_components(top, kind);
    const bool has_service =
        top.section("service", [&](Section& service) { read_service(service); });
    if (!has_service) {
      diagnostics_.error(root.place, "service",
                         "missing: it needs pipelines that join receivers to exporters");
    }
    top.finish();
    report_unknown();
    warn_of_unused();
    return std::move(document_);
  }

 private:
  void read_components(Section& top, ComponentKind kind) {
    const std::string path(section_name(kind));
    const Node* components = top.find(path);
    if (components == nullptr) return;
    Section section(*components, diagnostics_, path);  // for the error when it is no mapping
    for (const Node::Entry& entry : components->mapping) {
      std::string why;
      auto id = parse_id(kind, entry.key, &why);
      if (!id) {
        diagnostics_.error(entry.key_place, path, std::move(why));
        continue;
      }
      const std::string component_path = path + "::" + entry.key;
      diagnostics_.note_key(component_path, {KeyNote::Meaning::kSame, entry.key_place, ""});
      if (catalog_.find(kind, id->type) == nullptr) {
        const std::string_view type = std::string_view(entry.key).substr(0, entry.key.find('/'));
        std::string message = explain_unknown(catalog_, kind, trimmed(type));
        if (type != entry.key) message += " for id: \"" + entry.key + "\"";
        diagnostics_.note_key(component_path,
                              {KeyNote::Meaning::kUnsupported, entry.key_place, message});
        // It stays in the document, so that a pipeline that names it is not a second mistake.
        unknown_.push_back({document_.components.size(), std::move(message)});
      } else if (!id->text.starts_with(id->type)) {
        diagnostics_.note_key(component_path, {KeyNote::Meaning::kMeans, entry.key_place,
                                               "the old name of " + id->type});
        diagnostics_.warning(entry.key_place, path,
                             "\"" + id->text + "\" is the old name of " + id->type +
                                 (id->name.empty() ? "" : "/" + id->name));
      }
      document_.components.push_back(
          {kind, std::move(*id), component_path, entry.key_place, entry.value, false});
    }
  }

  void read_service(Section& service) {
    read_extensions(service);
    service.section("telemetry",
                    [&](Section& telemetry) { read_telemetry(telemetry, document_.telemetry); });
    service.duration("shutdown_timeout", &document_.shutdown_timeout);
    const Node* pipelines = service.find("pipelines");
    if (pipelines == nullptr || pipelines->mapping.empty()) {
      service.error_at("pipelines",
                       "service must have at least one pipeline, like traces: "
                       "{receivers: [otlp], exporters: [debug]}");
      return;
    }
    for (const Node::Entry& entry : pipelines->mapping) read_pipeline(entry);
  }

  // Of components: here otelcol takes no single name for a list.
  static std::vector<std::string> read_ids(Section& section, const std::string& key) {
    std::vector<std::string> ids;
    const Node* list = section.find(key);
    if (list != nullptr && list->kind == Node::Kind::kScalar) {
      section.error_at(key, "expected a list, like [a, b], found \"" + list->scalar + "\"");
    } else {
      section.text_list(key, &ids);
    }
    return ids;
  }

  void read_extensions(Section& service) {
    const std::vector<std::string> ids = read_ids(service, "extensions");
    const Node* list = service.find("extensions");
    for (size_t i = 0; i < ids.size(); ++i) {
      if (const auto index = index_of(ComponentKind::kExtension, ids[i])) {
        document_.components[*index].is_used = true;
        document_.extensions.push_back(*index);
      } else {
        diagnostics_.error(list->sequence[i].place, "service::extensions",
                           not_configured(ComponentKind::kExtension, ids[i]));
      }
    }
  }

  void read_pipeline(const Node::Entry& entry) {
    const std::string path = "service::pipelines::" + entry.key;
    Pipeline pipeline;
    pipeline.id = entry.key;
    pipeline.place = entry.key_place;
    const std::string_view signal = std::string_view(entry.key).substr(0, entry.key.find('/'));
    const auto found = std::ranges::find(kSignals, trimmed(signal), signal_name);
    if (found == std::end(kSignals)) {
      const std::string_view names[] = {"traces", "metrics", "logs", "profiles"};
      const std::string_view nearest = nearest_name(signal, names);
      diagnostics_.error(
          entry.key_place, path,
          "unknown signal \"" + std::string(signal) +
              "\": expected traces, "
              "metrics, logs or profiles, alone or with /name" +
              (nearest.empty() ? "" : "; did you mean \"" + std::string(nearest) + "\"?"));
      return;
    }
    pipeline.signal = *found;
    diagnostics_.note_key(path, {KeyNote::Meaning::kSame, entry.key_place, ""});
    Section section(entry.value, diagnostics_, path);
    resolve(section, ComponentKind::kReceiver, pipeline.signal, pipeline.receivers);
    resolve(section, ComponentKind::kProcessor, pipeline.signal, pipeline.processors);
    resolve(section, ComponentKind::kExporter, pipeline.signal, pipeline.exporters);
    section.finish();
    document_.pipelines.push_back(std::move(pipeline));
  }

  // The ids that the pipeline lists under receivers, processors or exporters.
  void resolve(Section& pipeline, ComponentKind kind, Signal signal, std::vector<size_t>& into) {
    const std::string key(section_name(kind));
    const std::vector<std::string> ids = read_ids(pipeline, key);
    const Node* list = pipeline.find(key);
    const bool is_list =
        list == nullptr || list->kind == Node::Kind::kNull || list->kind == Node::Kind::kSequence;
    if (ids.empty() && is_list && kind != ComponentKind::kProcessor) {
      pipeline.error_at(key, "must have at least one " + std::string(kind_name(kind)));
      return;
    }
    for (size_t i = 0; i < ids.size(); ++i) {
      const yaml::Place& place = list->sequence[i].place;
      const auto index = index_of(kind, ids[i]);
      if (!index) {
        // A connector stands among the receivers and the exporters.
        const auto connector = index_of(ComponentKind::kConnector, ids[i]);
        if (connector && kind != ComponentKind::kProcessor) {
          document_.components[*connector].is_used = true;
          into.push_back(*connector);
          continue;
        }
        diagnostics_.error(place, pipeline.path(), not_configured(kind, ids[i]));
        continue;
      }
      Component& component = document_.components[*index];
      component.is_used = true;
      if (std::ranges::find(into, *index) != into.end()) {
        diagnostics_.error(
            place, pipeline.path(),
            "references " + std::string(kind_name(kind)) + " \"" + ids[i] + "\" multiple times");
        continue;
      }
      const ComponentType* type = catalog_.find(kind, component.id.type);
      if (type != nullptr && (type->signals >> index_of_signal(signal) & 1) == 0) {
        diagnostics_.error(place, pipeline.path(),
                           std::string(kind_name(kind)) + " \"" + ids[i] + "\" does not do " +
                               std::string(signal_name(signal)));
        continue;
      }
      into.push_back(*index);
    }
  }

  static size_t index_of_signal(Signal signal) { return millrace::index_of(signal); }

  std::optional<size_t> index_of(ComponentKind kind, std::string_view id) const {
    const Component* found = document_.find(kind, id);
    if (found == nullptr) return std::nullopt;
    return static_cast<size_t>(found - document_.components.data());
  }

  std::string not_configured(ComponentKind kind, std::string_view id) const {
    std::string text = "references " + std::string(kind_name(kind)) + " \"" + std::string(id) +
                       "\" which is not configured";
    std::vector<std::string_view> names;
    for (const Component& component : document_.components) {
      if (component.kind == kind) names.push_back(component.id.text);
    }
    const std::string_view nearest = nearest_name(id, names);
    if (!nearest.empty()) return text + "; did you mean \"" + std::string(nearest) + "\"?";
    std::string all;
    for (const std::string_view name : names) all += (all.empty() ? "" : ", ") + std::string(name);
    if (all.empty()) return text + "; there are no " + std::string(section_name(kind));
    return text + "; configured: " + all;
  }

  // A component that no pipeline names is not run, so its type may be any.
  void report_unknown() {
    for (auto& [index, message] : unknown_) {
      const Component& component = document_.components[index];
      const std::string section(section_name(component.kind));
      if (component.is_used) {
        diagnostics_.error(component.place, section, std::move(message));
      } else {
        diagnostics_.warning(
            component.place, section,
            message + "; it is left out, because " + without_user(component) + " names it");
      }
    }
  }

  static std::string without_user(const Component& component) {
    const bool is_extension = component.kind == ComponentKind::kExtension;
    return is_extension ? "no entry of service::extensions" : "no pipeline";
  }

  void warn_of_unused() {
    for (const Component& component : document_.components) {
      const bool is_known = catalog_.find(component.kind, component.id.type) != nullptr;
      if (component.is_used || !is_known) continue;
      diagnostics_.warning(component.place, component.path,
                           "configured but not used: " + without_user(component) + " names it");
    }
  }

  const Catalog& catalog_;
  Diagnostics& diagnostics_;
  Document document_;
  // Components of types that do not exist here, by their index, with what is said of them.
  struct Unknown {
    size_t component;
    std::string message;
  };
  std::vector<Unknown> unknown_;
};

}  // namespace

const Component* Document::find(ComponentKind kind, std::string_view id) const {
  for (const Component& component : components) {
    if (component.kind == kind && component.id.text == id) return &component;
  }
  // `otlp` finds `otlp_grpc` and the other way round.
  std::string why;
  const auto wanted = parse_id(kind, id, &why);
  if (!wanted) return nullptr;
  for (const Component& component : components) {
    if (component.kind == kind && component.id.type == wanted->type &&
        component.id.name == wanted->name) {
      return &component;
    }
  }
  return nullptr;
}

Document read_document(const yaml::Node& root, const Catalog& catalog, Diagnostics& diagnostics) {
  return Reader(catalog, diagnostics).read(root);
}

}  // namespace millrace::config
