// Which component types exist: here (assembly says) and in otelcol (a table of names), so that an
// unknown name gets an answer that helps. Pure data; read-only after start.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/signal.h"

namespace millrace::config {

enum class ComponentKind : uint8_t { kReceiver, kProcessor, kExporter, kConnector, kExtension };
inline constexpr ComponentKind kComponentKinds[] = {
    ComponentKind::kReceiver, ComponentKind::kProcessor, ComponentKind::kExporter,
    ComponentKind::kConnector, ComponentKind::kExtension};

std::string_view kind_name(ComponentKind kind);     // "receiver"
std::string_view section_name(ComponentKind kind);  // "receivers"

// A bit for each signal, 1 << index_of(signal).
inline constexpr uint8_t kAllSignals = 0b1111;
inline constexpr uint8_t kNoProfiles = 0b0111;

struct ComponentType {
  ComponentKind kind;
  std::string_view type;          // canonical: "otlp_grpc"
  uint8_t signals = kAllSignals;  // extensions: no meaning
  std::string_view stability = "beta";
};

// What this build has. Names must outlive the catalog (they are literals).
class Catalog {
 public:
  explicit Catalog(std::vector<ComponentType> types) : types_(std::move(types)) {}
  // Null when there is none of that canonical name.
  const ComponentType* find(ComponentKind kind, std::string_view type) const;
  const std::vector<ComponentType>& types() const { return types_; }
  std::vector<std::string_view> names(ComponentKind kind) const;

 private:
  std::vector<ComponentType> types_;
};

// "otlp_grpc" for the exporter "otlp"; `type` itself where it is no old name.
std::string_view canonical_type(ComponentKind kind, std::string_view type);

// Why there is no component of that type and what to write instead: "otelcol-contrib has an
// exporter of that name; here: …", or the nearest name and all that exist.
std::string explain_unknown(const Catalog& catalog, ComponentKind kind, std::string_view type);

}  // namespace millrace::config
