// Each function that sets an option sets that field of the C++ configuration, and no other.
#include "millrace/config.h"

#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "c_interface/handles.h"
#include "millrace/millrace.h"

namespace millrace::c_interface {
namespace {

struct FreeConfig {
  void operator()(millrace_config* config) const { millrace_config_free(config); }
};
using ConfigHandle = std::unique_ptr<millrace_config, FreeConfig>;

template <class Handle>
using Setter = std::function<millrace_code(Handle*)>;
// The value that a setter has changed, as text.
template <class Object>
using Getter = std::function<std::string(const Object&)>;

template <class Handle, class Object>
struct Option {
  const char* name;
  Setter<Handle> set;
  Getter<Object> get;
  std::string expected;
};

std::string text(uint64_t number) { return std::to_string(number); }

std::vector<Option<millrace_config, v1::Config>> config_options() {
  using C = v1::Config;
  return {
      {"batch_size", [](auto* c) { return millrace_config_set_batch_size(c, 7); },
       [](const C& c) { return text(c.batch_size); }, "7"},
      {"batch_timeout_ms", [](auto* c) { return millrace_config_set_batch_timeout_ms(c, 8); },
       [](const C& c) { return text(c.batch_timeout_ms); }, "8"},
      {"buffer_capacity", [](auto* c) { return millrace_config_set_buffer_capacity(c, 9); },
       [](const C& c) { return text(c.buffer_capacity); }, "9"},
      {"buffer_bytes", [](auto* c) { return millrace_config_set_buffer_bytes(c, 10); },
       [](const C& c) { return text(c.buffer_bytes); }, "10"},
      {"memory_budget_bytes",
       [](auto* c) { return millrace_config_set_memory_budget_bytes(c, 11); },
       [](const C& c) { return text(c.memory_budget_bytes); }, "11"},
      {"on_full",
       [](auto* c) { return millrace_config_set_on_full(c, MILLRACE_ON_FULL_DROP_OLDEST); },
       [](const C& c) { return text(static_cast<uint64_t>(c.on_full)); }, "2"},
      {"batching", [](auto* c) { return millrace_config_set_batching(c, MILLRACE_BATCHING_FIXED); },
       [](const C& c) { return text(static_cast<uint64_t>(c.batching)); }, "1"},
      {"linger_ms", [](auto* c) { return millrace_config_set_linger_ms(c, 12); },
       [](const C& c) { return text(c.linger_ms); }, "12"},
      {"storage_directory",
       [](auto* c) { return millrace_config_set_storage_directory(c, "/queue"); },
       [](const C& c) { return c.storage_directory; }, "/queue"},
      {"storage_bytes_max", [](auto* c) { return millrace_config_set_storage_bytes_max(c, 13); },
       [](const C& c) { return text(c.storage_bytes_max); }, "13"},
      {"item_bytes_max", [](auto* c) { return millrace_config_set_item_bytes_max(c, 14); },
       [](const C& c) { return text(c.item_bytes_max); }, "14"},
      {"attribute_value_length_max",
       [](auto* c) { return millrace_config_set_attribute_value_length_max(c, 15); },
       [](const C& c) { return text(c.attribute_value_length_max); }, "15"},
      {"service_name", [](auto* c) { return millrace_config_set_service_name(c, "shop"); },
       [](const C& c) { return c.service_name; }, "shop"},
      {"scope", [](auto* c) { return millrace_config_set_scope(c, "lib", "1.2"); },
       [](const C& c) { return c.scope_name + " " + c.scope_version; }, "lib 1.2"},
      {"endpoint", [](auto* c) { return millrace_config_set_endpoint(c, "http://a:1"); },
       [](const C& c) { return c.endpoint; }, "http://a:1"},
  };
}

std::vector<Option<millrace_endpoint, v1::Endpoint>> endpoint_options() {
  using E = v1::Endpoint;
  return {
      {"protocol",
       [](auto* e) { return millrace_endpoint_set_protocol(e, MILLRACE_PROTOCOL_HTTP_JSON); },
       [](const E& e) { return text(static_cast<uint64_t>(e.protocol)); }, "3"},
      {"headers", [](auto* e) { return millrace_endpoint_add_header(e, "key", "value"); },
       [](const E& e) {
         return e.headers.empty() ? "" : e.headers.back().first + "=" + e.headers.back().second;
       },
       "key=value"},
      {"compression",
       [](auto* e) { return millrace_endpoint_set_compression(e, MILLRACE_COMPRESSION_ZSTD); },
       [](const E& e) { return text(static_cast<uint64_t>(e.compression)); }, "2"},
      {"ca_file", [](auto* e) { return millrace_endpoint_set_ca_file(e, "ca.pem"); },
       [](const E& e) { return e.tls.ca_file; }, "ca.pem"},
      {"certificate",
       [](auto* e) { return millrace_endpoint_set_certificate(e, "own.pem", "own.key"); },
       [](const E& e) { return e.tls.certificate_file + " " + e.tls.key_file; }, "own.pem own.key"},
      {"server_name", [](auto* e) { return millrace_endpoint_set_server_name(e, "b.test"); },
       [](const E& e) { return e.tls.server_name; }, "b.test"},
      {"skip_verification", [](auto* e) { return millrace_endpoint_set_skip_verification(e, 1); },
       [](const E& e) { return text(e.tls.skip_verification); }, "1"},
      {"timeout_ms", [](auto* e) { return millrace_endpoint_set_timeout_ms(e, 21); },
       [](const E& e) { return text(e.timeout_ms); }, "21"},
      {"required", [](auto* e) { return millrace_endpoint_set_required(e, 0); },
       [](const E& e) { return text(e.required); }, "0"},
      {"concurrency_max", [](auto* e) { return millrace_endpoint_set_concurrency_max(e, 22); },
       [](const E& e) { return text(e.concurrency_max); }, "22"},
      {"retry", [](auto* e) { return millrace_endpoint_set_retry(e, 31, 32, 33); },
       [](const E& e) {
         return text(e.retry_for_ms) + " " + text(e.retry_initial_ms) + " " + text(e.retry_max_ms);
       },
       "31 32 33"},
  };
}

// Sets each option by itself and compares all of them with an untouched object.
template <class Handle, class Object, class Make, class Read>
void expect_only_their_fields(const std::vector<Option<Handle, Object>>& options, Make make,
                              Read read) {
  const auto untouched = make();
  for (const auto& set : options) {
    const auto config = make();
    EXPECT_EQ(set.set(static_cast<Handle*>(nullptr)), MILLRACE_INVALID_ARGUMENT) << set.name;
    EXPECT_EQ(set.set(read.handle(config.get())), MILLRACE_OK) << set.name;
    for (const auto& other : options) {
      const std::string before = other.get(read.object(untouched.get()));
      const std::string after = other.get(read.object(config.get()));
      EXPECT_EQ(after, other.name == set.name ? set.expected : before)
          << other.name << " after " << set.name;
    }
    EXPECT_NE(set.get(read.object(untouched.get())), set.expected) << set.name;
  }
}

struct WholeConfig {
  millrace_config* handle(millrace_config* config) const { return config; }
  v1::Config object(millrace_config* config) const { return assemble(*config); }
};
struct FirstEndpoint {
  millrace_endpoint* handle(millrace_config* config) const {
    return millrace_config_endpoint(config);
  }
  v1::Endpoint object(millrace_config* config) const { return assemble(*config).endpoint_options; }
};
struct AddedEndpoint {
  millrace_endpoint* handle(millrace_config* config) const { return &config->endpoints.at(1); }
  v1::Endpoint object(millrace_config* config) const { return assemble(*config).endpoints.at(0); }
};

ConfigHandle new_config() { return ConfigHandle(millrace_config_new()); }
ConfigHandle config_with_two_endpoints() {
  ConfigHandle config = new_config();
  EXPECT_NE(millrace_config_add_endpoint(config.get(), "http://b:1"), nullptr);
  return config;
}

TEST(ConfigTest, EachSetterSetsItsFieldOnly) {
  expect_only_their_fields(config_options(), new_config, WholeConfig());
}
TEST(ConfigTest, EachEndpointSetterSetsItsFieldOnly) {
  expect_only_their_fields(endpoint_options(), new_config, FirstEndpoint());
  expect_only_their_fields(endpoint_options(), config_with_two_endpoints, AddedEndpoint());
}

TEST(ConfigTest, EveryEnumeratorIsAcceptedAndTheNextNumberIsNot) {
  const ConfigHandle config = new_config();
  millrace_endpoint* endpoint = millrace_config_endpoint(config.get());
  for (uint32_t number = 0; number < 6; ++number) {
    const auto code = [number](uint32_t count) {
      return number < count ? MILLRACE_OK : MILLRACE_INVALID_ARGUMENT;
    };
    EXPECT_EQ(millrace_config_set_on_full(config.get(), static_cast<millrace_on_full>(number)),
              code(3));
    EXPECT_EQ(millrace_config_set_batching(config.get(), static_cast<millrace_batching>(number)),
              code(2));
    EXPECT_EQ(millrace_endpoint_set_protocol(endpoint, static_cast<millrace_protocol>(number)),
              code(4));
    EXPECT_EQ(
        millrace_endpoint_set_compression(endpoint, static_cast<millrace_compression>(number)),
        code(3));
  }
}

TEST(ConfigTest, AnAddedEndpointHasItsUrl) {
  const ConfigHandle config = config_with_two_endpoints();
  ASSERT_NE(millrace_config_add_endpoint(config.get(), "http://c:1"), nullptr);
  EXPECT_EQ(millrace_config_add_endpoint(config.get(), nullptr), nullptr);
  EXPECT_EQ(millrace_config_add_endpoint(nullptr, "http://d:1"), nullptr);
  const v1::Config assembled = assemble(*config);
  ASSERT_EQ(assembled.endpoints.size(), 2u);
  EXPECT_EQ(assembled.endpoints[0].url, "http://b:1");
  EXPECT_EQ(assembled.endpoints[1].url, "http://c:1");
}

TEST(ConfigTest, AHeaderNeedsANameAndAValue) {
  const ConfigHandle config = new_config();
  millrace_endpoint* endpoint = millrace_config_endpoint(config.get());
  EXPECT_EQ(millrace_endpoint_add_header(endpoint, nullptr, "v"), MILLRACE_INVALID_ARGUMENT);
  EXPECT_EQ(millrace_endpoint_add_header(endpoint, "n", nullptr), MILLRACE_INVALID_ARGUMENT);
  EXPECT_TRUE(assemble(*config).endpoint_options.headers.empty());
}

TEST(ConfigTest, ResourceAttributesKeepKeyAndValue) {
  const ConfigHandle config = new_config();
  const millrace_value value = millrace_text_value("shop");
  EXPECT_EQ(millrace_config_add_resource_attribute(config.get(), "service.name", &value),
            MILLRACE_OK);
  EXPECT_EQ(millrace_config_add_resource_attribute(config.get(), nullptr, &value),
            MILLRACE_INVALID_ARGUMENT);
  EXPECT_EQ(millrace_config_add_resource_attribute(config.get(), "a", nullptr),
            MILLRACE_INVALID_ARGUMENT);
  EXPECT_EQ(millrace_config_add_resource_attribute(nullptr, "a", &value),
            MILLRACE_INVALID_ARGUMENT);
  const v1::Config assembled = assemble(*config);
  ASSERT_EQ(assembled.resource.size(), 1u);
  EXPECT_EQ(assembled.resource[0].key, "service.name");
  EXPECT_EQ(assembled.resource[0].value, v1::Value("shop"));
}

TEST(ConfigTest, ResourceAttributesThatExceedTheLimitAreNotAdded) {
  const ConfigHandle config = new_config();
  // An array of arrays that are all the same, as C can borrow it: 1,000 * 1,000 * 1,000 values.
  std::vector<millrace_value> integers(1000, millrace_integer_value(1));
  millrace_value array = millrace_empty_value();
  array.type = MILLRACE_VALUE_ARRAY;
  array.as.array = {integers.data(), integers.size()};
  std::vector<millrace_value> arrays(1000, array);
  array.as.array = {arrays.data(), arrays.size()};
  std::vector<millrace_value> outer(1000, array);
  array.as.array = {outer.data(), outer.size()};
  EXPECT_EQ(millrace_config_add_resource_attribute(config.get(), "large", &array),
            MILLRACE_TOO_LARGE);
  EXPECT_TRUE(assemble(*config).resource.empty());
}

struct Line {
  millrace_log_level level = MILLRACE_LOG_DEBUG;
  std::string text;
};
void keep_line(void* context, millrace_log_level level, const char* line, size_t size) {
  *static_cast<Line*>(context) = {level, std::string(line, size)};
}

TEST(ConfigTest, TheLogFunctionReceivesLevelAndLine) {
  const ConfigHandle config = new_config();
  Line line;
  EXPECT_EQ(millrace_config_set_log(config.get(), keep_line, &line), MILLRACE_OK);
  assemble(*config).log(v1::LogLevel::kWarn, std::string_view("a line and more", 6));
  EXPECT_EQ(line.level, MILLRACE_LOG_WARN);
  EXPECT_EQ(line.text, "a line");
  EXPECT_EQ(millrace_config_set_log(config.get(), nullptr, nullptr), MILLRACE_OK);
  EXPECT_EQ(assemble(*config).log, nullptr);
  EXPECT_EQ(millrace_config_set_log(nullptr, keep_line, &line), MILLRACE_INVALID_ARGUMENT);
}

// OTEL_EXPORTER_OTLP_TIMEOUT is 1,500 for one and nothing else is set.
const char* timeout_variable(void* context, const char* name) {
  return std::string(name) == "OTEL_EXPORTER_OTLP_TIMEOUT" ? static_cast<const char*>(context)
                                                           : nullptr;
}

TEST(ConfigTest, VariablesChangeTheirFieldsAndLeaveTheOthers) {
  const ConfigHandle config = config_with_two_endpoints();
  millrace_endpoint* added = &config->endpoints.at(1);
  EXPECT_EQ(millrace_config_set_batch_size(config.get(), 77), MILLRACE_OK);
  EXPECT_EQ(millrace_endpoint_set_timeout_ms(added, 21), MILLRACE_OK);
  char number[] = "1500";
  EXPECT_EQ(millrace_config_from_variables(config.get(), timeout_variable, number), MILLRACE_OK);
  EXPECT_EQ(millrace_endpoint_set_concurrency_max(added, 3), MILLRACE_OK);  // still valid
  const v1::Config assembled = assemble(*config);
  EXPECT_EQ(assembled.endpoint_options.timeout_ms, 1500u);
  EXPECT_EQ(assembled.batch_size, 77u);
  ASSERT_EQ(assembled.endpoints.size(), 1u);
  EXPECT_EQ(assembled.endpoints[0].url, "http://b:1");
  EXPECT_EQ(assembled.endpoints[0].timeout_ms, 21u);
  EXPECT_EQ(assembled.endpoints[0].concurrency_max, 3u);
}

TEST(ConfigTest, ReadingIntoNullIsAnError) {
  char number[] = "1500";
  EXPECT_EQ(millrace_config_from_environment(nullptr), MILLRACE_INVALID_ARGUMENT);
  EXPECT_EQ(millrace_config_from_variables(nullptr, timeout_variable, number),
            MILLRACE_INVALID_ARGUMENT);
  EXPECT_EQ(millrace_config_from_yaml(nullptr, "", 0), MILLRACE_INVALID_ARGUMENT);
  EXPECT_STREQ(millrace_config_message(nullptr), "the configuration is null");
  EXPECT_EQ(millrace_config_endpoint(nullptr), nullptr);
}

TEST(ConfigTest, MessagesNameTheNullArgument) {
  const ConfigHandle config = new_config();
  EXPECT_EQ(millrace_config_from_variables(config.get(), nullptr, nullptr),
            MILLRACE_INVALID_ARGUMENT);
  EXPECT_STREQ(millrace_config_message(config.get()), "the function is null");
  EXPECT_EQ(millrace_config_from_yaml(config.get(), nullptr, 0), MILLRACE_INVALID_ARGUMENT);
  EXPECT_STREQ(millrace_config_message(config.get()), "the text is null");
}

}  // namespace
}  // namespace millrace::c_interface
