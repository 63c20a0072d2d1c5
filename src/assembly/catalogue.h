// Every kind of component this build has: one line each. The only place that names them all.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "access/auth_options.h"
#include "access/authenticator.h"
#include "assembly/factories.h"
#include "assembly/plan.h"
#include "config/catalog.h"
#include "config/exporter_helper.h"
#include "config/section.h"
#include "reception/receiver.h"

namespace millrace::assembly {

// What reading an exporter's section gives. With errors in the section's diagnostics the factory
// may be null.
// A file that the exporter writes.
struct WrittenFile {
  std::string path;
  bool makes_directory = false;
};

// A storage extension by its id, and where it was named.
struct StorageName {
  std::string id;
  std::string path;
  yaml::Place place;
};

struct ExporterReading {
  std::shared_ptr<ExporterFactory> factory;
  config::ExporterHelperConfig helper;
  bool joins_requests = true;
  uint64_t joined_bytes_max = 0;  // pipeline::BatchOptions
  // Requests that differ in these entries of their metadata are not joined, and the exporter is
  // given them. Lower case.
  std::vector<std::string> metadata_keys = {};
  std::optional<access::AuthenticatorName> auth = {};
  std::optional<WrittenFile> writes = {};
  // The addresses at which its pages are asked for; the routes have no handlers, assembly takes
  // them from ExporterFactory::page_handler.
  std::vector<reception::Listener> listeners = {};
  // The certificates of its connections; null: plain text.
  std::shared_ptr<const io::TlsClientContext> client_tls = nullptr;
};

struct ExporterKind {
  config::ComponentType type;
  ExporterReading (*read)(config::Section& section);
};

// What reading a connector's section gives: an exporter whose parts have outputs.
struct ConnectorReading {
  std::shared_ptr<ExporterFactory> factory;
  config::ExporterHelperConfig helper;
  // The groups of pipelines that it tells apart, by their ids; nothing: all that receive from it
  // are one group.
  std::optional<std::vector<std::vector<std::string>>> groups = {};
  // Whether each group but the last has another to give back to.
  bool takes_over = false;
  // The signals that it makes of others; nothing: it hands on each signal as it came. With changes
  // there are no groups.
  std::vector<SignalChange> changes = {};
};

struct ConnectorKind {
  config::ComponentType type;
  ConnectorReading (*read)(config::Section& section, const std::string& id);
};

// Receivers declare themselves (reception/receiver.h).
std::span<const reception::ReceiverKind> receiver_kinds();

// What reading a processor's section gives.
struct ProcessorReading {
  std::shared_ptr<ProcessorFactory> factory;
  // The storage extension that it names; empty: none.
  StorageName storage = {};
};

struct ProcessorKind {
  config::ComponentType type;
  // Null: maps onto sending or the budget, and plan_from_document.cc reads it.
  ProcessorReading (*read)(config::Section& section);
};

// An extension that receivers and exporters name by `auth`.
struct AuthKind {
  config::ComponentType type;
  // Null with errors in the section's diagnostics. Files are read, so that `validate` shows what is
  // wrong with them.
  std::shared_ptr<access::AuthExtension> (*read)(config::Section& section);
};

std::span<const AuthKind> auth_kinds();
std::span<const ExporterKind> exporter_kinds();
std::span<const ConnectorKind> connector_kinds();
std::span<const ProcessorKind> processor_kinds();

// All of them, receivers and extensions too, for the configuration's checks and `components`.
config::Catalog catalog();

}  // namespace millrace::assembly
