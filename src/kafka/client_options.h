// The keys that the kafka exporter and the kafka receiver of otelcol have in common: brokers,
// identity, TLS and credentials, as properties of librdkafka. Plain data.
#pragma once

#include <string>

#include "config/section.h"
#include "kafka/client.h"

namespace millrace::kafka {

struct ClientOptions {
  std::string brokers;    // "a:9092,b:9092", for people
  Properties properties;  // values may be secrets: they are not logged
};

// `section` is the component's own; the caller finishes it.
void read_client_options(config::Section& section, ClientOptions& into);

// Names the option that a librdkafka of that version (rd_kafka_version()) cannot serve, for a
// warning at `auth`; empty: none is known.
std::string missing_in_version(const ClientOptions& options, int version);
void warn_of_version(config::Section& section, const ClientOptions& options, int version);

// "1500", for a property in milliseconds. At least 1.
std::string milliseconds(Duration duration);

}  // namespace millrace::kafka
