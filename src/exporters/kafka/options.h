// The kafka exporter's options, with otelcol's names and defaults. Plain data.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "base/metadata.h"
#include "base/signal.h"
#include "config/exporter_helper.h"
#include "config/section.h"
#include "kafka/client_options.h"

namespace millrace::exporters::kafka {

enum class Encoding : uint8_t {
  kProto,  // otlp_proto: a message is an Export<Signal>ServiceRequest
  kJson,   // otlp_json
  kRaw,    // raw: a message is the body of a log record
};

// What the key of a message is made of.
enum class KeySource : uint8_t {
  kNone,      // no key, or the value of a metadata entry
  kTraceId,   // in hex: one message for each trace of a request
  kResource,  // a hash of the resource's attributes: one message for each resource
};

enum class Partitioning : uint8_t {
  kFnv1a,       // of the key, as sarama: otelcol's default
  kMurmur2,     // of the key, as Kafka's Java client
  kRoundRobin,  // whatever the key
};

struct SignalOptions {
  std::string topic;
  Encoding encoding = Encoding::kProto;
  std::string topic_from_metadata_key;        // lower case; empty: always `topic`
  std::string message_key_from_metadata_key;  // lower case
  KeySource key_source = KeySource::kNone;
};

struct KafkaOptions {
  millrace::kafka::ClientOptions client;  // with the producer's properties
  std::array<SignalOptions, kSignalCount> signals;
  std::vector<MetadataEntry> record_headers;       // values may be secrets
  std::vector<std::string> include_metadata_keys;  // as written: the names of the headers
  bool has_signal_header = false;
  Partitioning partitioning = Partitioning::kFnv1a;
  size_t message_bytes_max = 1'000'000;  // of a record with its key and headers
  bool is_compressed = false;
  config::ExporterHelperConfig helper;

  // The metadata that must be alike in requests that are joined. Lower case.
  std::vector<std::string> metadata_keys() const;
};

// `section` is the exporter's own; the caller finishes it.
void read_options(config::Section& section, KafkaOptions& into);

}  // namespace millrace::exporters::kafka
