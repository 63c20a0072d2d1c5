// The functions of librdkafka, loaded while the process runs: a process without a Kafka component
// neither maps the library nor pays for it. The types come from the library's header.
#pragma once

#include <librdkafka/rdkafka.h>

#include <memory>
#include <string>

#include "base/result.h"

// Each without its prefix rd_kafka_.
#define MILLRACE_KAFKA_FUNCTIONS(USE)   \
  USE(AdminOptions_destroy)             \
  USE(AdminOptions_new)                 \
  USE(AdminOptions_set_request_timeout) \
  USE(ConfigEntry_name)                 \
  USE(ConfigEntry_value)                \
  USE(ConfigResource_configs)           \
  USE(ConfigResource_destroy)           \
  USE(ConfigResource_error)             \
  USE(ConfigResource_new)               \
  USE(DescribeConfigs)                  \
  USE(DescribeConfigs_result_resources) \
  USE(assign)                           \
  USE(assignment_lost)                  \
  USE(AdminOptions_set_opaque)          \
  USE(conf_destroy)                     \
  USE(conf_new)                         \
  USE(conf_set)                         \
  USE(conf_set_default_topic_conf)      \
  USE(conf_set_events)                  \
  USE(consumer_close_queue)             \
  USE(consumer_closed)                  \
  USE(destroy_flags)                    \
  USE(err2str)                          \
  USE(error_code)                       \
  USE(error_destroy)                    \
  USE(error_string)                     \
  USE(event_DescribeConfigs_result)     \
  USE(event_destroy)                    \
  USE(event_error)                      \
  USE(event_error_is_fatal)             \
  USE(event_error_string)               \
  USE(event_log)                        \
  USE(event_message_next)               \
  USE(event_opaque)                     \
  USE(event_stats)                      \
  USE(event_topic_partition)            \
  USE(event_topic_partition_list)       \
  USE(event_type)                       \
  USE(get_watermark_offsets)            \
  USE(header_get_all)                   \
  USE(incremental_assign)               \
  USE(incremental_unassign)             \
  USE(message_headers)                  \
  USE(name)                             \
  USE(offsets_store)                    \
  USE(pause_partitions)                 \
  USE(poll_set_consumer)                \
  USE(produceva)                        \
  USE(purge)                            \
  USE(queue_cb_event_enable)            \
  USE(queue_destroy)                    \
  USE(queue_get_consumer)               \
  USE(queue_get_main)                   \
  USE(queue_new)                        \
  USE(queue_poll)                       \
  USE(rebalance_protocol)               \
  USE(resume_partitions)                \
  USE(set_log_queue)                    \
  USE(subscribe)                        \
  USE(topic_conf_new)                   \
  USE(topic_conf_set)                   \
  USE(topic_conf_set_partitioner_cb)    \
  USE(topic_name)                       \
  USE(topic_partition_destroy)          \
  USE(topic_partition_list_add)         \
  USE(topic_partition_list_copy)        \
  USE(topic_partition_list_destroy)     \
  USE(topic_partition_list_new)         \
  USE(version)                          \
  USE(version_str)

namespace millrace::kafka {

// Immutable after load_library(); any thread.
struct Library {
#define MILLRACE_KAFKA_POINTER(name) decltype(&::rd_kafka_##name) name = nullptr;
  MILLRACE_KAFKA_FUNCTIONS(MILLRACE_KAFKA_POINTER)
#undef MILLRACE_KAFKA_POINTER
  decltype(&::rd_kafka_new) new_client = nullptr;  // rd_kafka_new
};

// Maps the library; it stays mapped until the process ends, because its threads may. Shared by the
// clients of a component. Fails when the library is missing or too old, with the package that has
// it. About 0.4 ms and 0.4 MiB of memory the first time.
Result<std::shared_ptr<const Library>> load_library(const std::string& file = "librdkafka.so.1");

// Whether this process has mapped the library. Any thread.
bool is_library_mapped(const std::string& file = "librdkafka.so.1");

}  // namespace millrace::kafka
