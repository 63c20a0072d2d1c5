#include "millrace/config.h"

#include <utility>

#include "c_interface/handles.h"
#include "c_interface/values.h"

using millrace::c_interface::as_text;
using millrace::c_interface::guarded;
using millrace::c_interface::refuse;
namespace v1 = millrace::v1;

namespace millrace::c_interface {

v1::Config assemble(const millrace_config& config) {
  v1::Config result = config.config;
  result.endpoint_options = config.endpoints.front().endpoint;
  result.endpoints.clear();
  for (size_t i = 1; i < config.endpoints.size(); ++i) {
    result.endpoints.push_back(config.endpoints[i].endpoint);
  }
  return result;
}

namespace {

// Sets a field of a handle that may be null. millrace_create() checks the value.
template <class Handle, class Set>
millrace_code change(Handle* handle, Set set) noexcept {
  if (handle == nullptr) return MILLRACE_INVALID_ARGUMENT;
  return guarded([&] {
    set(*handle);
    return MILLRACE_OK;
  });
}

// Stores the configuration that was read from variables. The endpoints' handles stay valid.
millrace_code take_over(millrace_config& config, v1::Result<v1::Config> read) {
  if (!read) return refuse(config, to_code(read.error().code), read.error().message);
  config.endpoints.front().endpoint = read->endpoint_options;
  for (size_t i = config.endpoints.size() - 1; i < read->endpoints.size(); ++i) {
    config.endpoints.push_back({read->endpoints[i]});
  }
  config.config = std::move(*read);
  return MILLRACE_OK;
}

}  // namespace
}  // namespace millrace::c_interface

using millrace::c_interface::assemble;
using millrace::c_interface::change;
using millrace::c_interface::take_over;

extern "C" {

millrace_config* millrace_config_new(void) {
  try {
    return new millrace_config();
  } catch (...) {
    return nullptr;
  }
}

void millrace_config_free(millrace_config* config) { delete config; }

const char* millrace_config_message(const millrace_config* config) {
  return config == nullptr ? "the configuration is null" : config->message.c_str();
}

millrace_code millrace_config_from_environment(millrace_config* config) {
  if (config == nullptr) return MILLRACE_INVALID_ARGUMENT;
  return guarded(
      [config] { return take_over(*config, v1::Config::from_environment(assemble(*config))); });
}

millrace_code millrace_config_from_variables(millrace_config* config,
                                             millrace_variable_function variable, void* context) {
  if (config == nullptr) return MILLRACE_INVALID_ARGUMENT;
  return guarded([=] {
    if (variable == nullptr) {
      return refuse(*config, MILLRACE_INVALID_ARGUMENT, "the function is null");
    }
    return take_over(
        *config, v1::Config::from_environment(
                     assemble(*config), [=](const char* name) { return variable(context, name); }));
  });
}

millrace_code millrace_config_from_yaml(millrace_config* config, const char* text, size_t size) {
  if (config == nullptr) return MILLRACE_INVALID_ARGUMENT;
  return guarded([&] {
    if (text == nullptr) return refuse(*config, MILLRACE_INVALID_ARGUMENT, "the text is null");
    auto read = v1::Config::from_yaml({text, size});
    if (!read) {
      return refuse(*config, millrace::c_interface::to_code(read.error().code),
                    read.error().message);
    }
    config->config.yaml = std::move(read->yaml);
    return MILLRACE_OK;
  });
}

millrace_code millrace_config_set_batch_size(millrace_config* config, uint32_t items) {
  return change(config, [=](millrace_config& c) { c.config.batch_size = items; });
}
millrace_code millrace_config_set_batch_timeout_ms(millrace_config* config, uint32_t timeout_ms) {
  return change(config, [=](millrace_config& c) { c.config.batch_timeout_ms = timeout_ms; });
}
millrace_code millrace_config_set_buffer_capacity(millrace_config* config, uint64_t items) {
  return change(config, [=](millrace_config& c) { c.config.buffer_capacity = items; });
}
millrace_code millrace_config_set_buffer_bytes(millrace_config* config, size_t bytes) {
  return change(config, [=](millrace_config& c) { c.config.buffer_bytes = bytes; });
}
millrace_code millrace_config_set_memory_budget_bytes(millrace_config* config, size_t bytes) {
  return change(config, [=](millrace_config& c) { c.config.memory_budget_bytes = bytes; });
}
millrace_code millrace_config_set_on_full(millrace_config* config, millrace_on_full on_full) {
  if (on_full > MILLRACE_ON_FULL_DROP_OLDEST) return MILLRACE_INVALID_ARGUMENT;
  return change(config,
                [=](millrace_config& c) { c.config.on_full = static_cast<v1::OnFull>(on_full); });
}
millrace_code millrace_config_set_batching(millrace_config* config, millrace_batching batching) {
  if (batching > MILLRACE_BATCHING_FIXED) return MILLRACE_INVALID_ARGUMENT;
  return change(
      config, [=](millrace_config& c) { c.config.batching = static_cast<v1::Batching>(batching); });
}
millrace_code millrace_config_set_linger_ms(millrace_config* config, uint32_t linger_ms) {
  return change(config, [=](millrace_config& c) { c.config.linger_ms = linger_ms; });
}
millrace_code millrace_config_set_storage_directory(millrace_config* config, const char* path) {
  return change(config, [=](millrace_config& c) { c.config.storage_directory = as_text(path); });
}
millrace_code millrace_config_set_storage_bytes_max(millrace_config* config, uint64_t bytes) {
  return change(config, [=](millrace_config& c) { c.config.storage_bytes_max = bytes; });
}
millrace_code millrace_config_set_item_bytes_max(millrace_config* config, size_t bytes) {
  return change(config, [=](millrace_config& c) { c.config.item_bytes_max = bytes; });
}
millrace_code millrace_config_set_attribute_value_length_max(millrace_config* config,
                                                             uint32_t length) {
  return change(config, [=](millrace_config& c) { c.config.attribute_value_length_max = length; });
}
millrace_code millrace_config_set_service_name(millrace_config* config, const char* name) {
  return change(config, [=](millrace_config& c) { c.config.service_name = as_text(name); });
}
millrace_code millrace_config_set_scope(millrace_config* config, const char* name,
                                        const char* version) {
  return change(config, [=](millrace_config& c) {
    c.config.scope_name = as_text(name);
    c.config.scope_version = as_text(version);
  });
}
millrace_code millrace_config_add_resource_attribute(millrace_config* config, const char* key,
                                                     const millrace_value* value) {
  if (key == nullptr || value == nullptr) return MILLRACE_INVALID_ARGUMENT;
  millrace::c_interface::Allowance allowance(millrace::c_interface::kBuilderItemBytesMax);
  const millrace_code changed = change(config, [&](millrace_config& c) {
    v1::Value read = millrace::c_interface::to_value(*value, allowance);
    if (!allowance.is_exceeded()) c.config.resource.push_back({key, std::move(read)});
  });
  return allowance.is_exceeded() ? MILLRACE_TOO_LARGE : changed;
}

millrace_code millrace_config_set_log(millrace_config* config, millrace_log_function log,
                                      void* context) {
  return change(config, [=](millrace_config& c) {
    if (log == nullptr) {
      c.config.log = nullptr;
      return;
    }
    c.config.log = [log, context](v1::LogLevel level, std::string_view line) {
      const std::string text(line);
      log(context, static_cast<millrace_log_level>(level), text.c_str(), text.size());
    };
  });
}

millrace_code millrace_config_set_endpoint(millrace_config* config, const char* url) {
  return change(config, [=](millrace_config& c) { c.config.endpoint = as_text(url); });
}
millrace_endpoint* millrace_config_endpoint(millrace_config* config) {
  return config == nullptr ? nullptr : &config->endpoints.front();
}
millrace_endpoint* millrace_config_add_endpoint(millrace_config* config, const char* url) {
  if (config == nullptr || url == nullptr) return nullptr;
  try {
    millrace_endpoint& added = config->endpoints.emplace_back();
    try {
      added.endpoint.url = url;
    } catch (...) {
      config->endpoints.pop_back();
      return nullptr;
    }
    return &added;
  } catch (...) {
    return nullptr;
  }
}

millrace_code millrace_endpoint_set_protocol(millrace_endpoint* endpoint,
                                             millrace_protocol protocol) {
  if (protocol > MILLRACE_PROTOCOL_HTTP_JSON) return MILLRACE_INVALID_ARGUMENT;
  return change(endpoint, [=](millrace_endpoint& e) {
    e.endpoint.protocol = static_cast<v1::Protocol>(protocol);
  });
}
millrace_code millrace_endpoint_add_header(millrace_endpoint* endpoint, const char* name,
                                           const char* value) {
  if (name == nullptr || value == nullptr) return MILLRACE_INVALID_ARGUMENT;
  return change(endpoint,
                [=](millrace_endpoint& e) { e.endpoint.headers.emplace_back(name, value); });
}
millrace_code millrace_endpoint_set_compression(millrace_endpoint* endpoint,
                                                millrace_compression compression) {
  if (compression > MILLRACE_COMPRESSION_ZSTD) return MILLRACE_INVALID_ARGUMENT;
  return change(endpoint, [=](millrace_endpoint& e) {
    e.endpoint.compression = static_cast<v1::Compression>(compression);
  });
}
millrace_code millrace_endpoint_set_ca_file(millrace_endpoint* endpoint, const char* path) {
  return change(endpoint, [=](millrace_endpoint& e) { e.endpoint.tls.ca_file = as_text(path); });
}
millrace_code millrace_endpoint_set_certificate(millrace_endpoint* endpoint,
                                                const char* certificate_path,
                                                const char* key_path) {
  return change(endpoint, [=](millrace_endpoint& e) {
    e.endpoint.tls.certificate_file = as_text(certificate_path);
    e.endpoint.tls.key_file = as_text(key_path);
  });
}
millrace_code millrace_endpoint_set_server_name(millrace_endpoint* endpoint, const char* name) {
  return change(endpoint,
                [=](millrace_endpoint& e) { e.endpoint.tls.server_name = as_text(name); });
}
millrace_code millrace_endpoint_set_skip_verification(millrace_endpoint* endpoint, int skip) {
  return change(endpoint,
                [=](millrace_endpoint& e) { e.endpoint.tls.skip_verification = skip != 0; });
}
millrace_code millrace_endpoint_set_timeout_ms(millrace_endpoint* endpoint, uint32_t timeout_ms) {
  return change(endpoint, [=](millrace_endpoint& e) { e.endpoint.timeout_ms = timeout_ms; });
}
millrace_code millrace_endpoint_set_required(millrace_endpoint* endpoint, int required) {
  return change(endpoint, [=](millrace_endpoint& e) { e.endpoint.required = required != 0; });
}
millrace_code millrace_endpoint_set_concurrency_max(millrace_endpoint* endpoint,
                                                    uint32_t requests) {
  return change(endpoint, [=](millrace_endpoint& e) { e.endpoint.concurrency_max = requests; });
}
millrace_code millrace_endpoint_set_retry(millrace_endpoint* endpoint, uint32_t for_ms,
                                          uint32_t initial_ms, uint32_t max_ms) {
  return change(endpoint, [=](millrace_endpoint& e) {
    e.endpoint.retry_for_ms = for_ms;
    e.endpoint.retry_initial_ms = initial_ms;
    e.endpoint.retry_max_ms = max_ms;
  });
}

}  // extern "C"
