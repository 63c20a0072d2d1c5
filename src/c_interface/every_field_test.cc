// Every field of the C++ interface can be set or read by the C interface. Structured bindings name
// all fields: with a new one this does not compile until C has a counterpart.
#include <gtest/gtest.h>

#include <cstring>
#include <string>

#include "c_interface/handles.h"
#include "c_interface/values.h"

namespace millrace::c_interface {
namespace {

void ok(millrace_code code) { EXPECT_EQ(code, MILLRACE_OK); }

millrace_export_kind deliver(void*, const millrace_batch*, uint64_t, millrace_export_outcome*) {
  return MILLRACE_EXPORT_DELIVERED;
}
void ignore_line(void*, millrace_log_level, const char*, size_t) {}

void set_every_field(millrace_config* config) {
  ok(millrace_config_set_batch_size(config, 2));
  ok(millrace_config_set_batch_timeout_ms(config, 3));
  ok(millrace_config_set_buffer_capacity(config, 4));
  ok(millrace_config_set_endpoint(config, "http://first"));
  EXPECT_NE(millrace_config_add_endpoint(config, "http://second"), nullptr);
  millrace_exporter exporter;
  millrace_exporter_init(&exporter, "mine", nullptr, deliver);
  ok(millrace_config_add_exporter(config, &exporter));
  ok(millrace_config_set_on_full(config, MILLRACE_ON_FULL_DROP_OLDEST));
  ok(millrace_config_set_buffer_bytes(config, 5));
  ok(millrace_config_set_memory_budget_bytes(config, 6));
  ok(millrace_config_set_batching(config, MILLRACE_BATCHING_FIXED));
  ok(millrace_config_set_linger_ms(config, 7));
  ok(millrace_config_set_storage_directory(config, "/queue"));
  ok(millrace_config_set_storage_bytes_max(config, 8));
  ok(millrace_config_set_item_bytes_max(config, 9));
  ok(millrace_config_set_attribute_value_length_max(config, 10));
  ok(millrace_config_set_service_name(config, "service"));
  const millrace_value value = millrace_integer_value(11);
  ok(millrace_config_add_resource_attribute(config, "key", &value));
  ok(millrace_config_set_scope(config, "scope", "1.2"));
  const std::string yaml =
      "receivers: {otlp: {protocols: {grpc: }}}\nexporters: {nop: }\n"
      "service: {pipelines: {traces: {receivers: [otlp], exporters: [nop]}}}\n";
  ok(millrace_config_from_yaml(config, yaml.data(), yaml.size()));
  ok(millrace_config_set_log(config, ignore_line, nullptr));
}

TEST(EveryFieldTest, OfAConfigurationHasASetter) {
  millrace_config* handle = millrace_config_new();
  set_every_field(handle);
  const v1::Config config = assemble(*handle);
  const auto& [batch_size, batch_timeout_ms, buffer_capacity, endpoint, endpoint_options, endpoints,
               exporters, on_full, buffer_bytes, memory_budget_bytes, batching, linger_ms,
               storage_directory, storage_bytes_max, item_bytes_max, attribute_value_length_max,
               service_name, resource, scope_name, scope_version, yaml, log] = config;
  EXPECT_EQ(batch_size, 2U);
  EXPECT_EQ(batch_timeout_ms, 3U);
  EXPECT_EQ(buffer_capacity, 4U);
  EXPECT_EQ(endpoint, "http://first");
  EXPECT_EQ(endpoint_options.url, "");  // the next test covers these
  ASSERT_EQ(endpoints.size(), 1U);
  EXPECT_EQ(endpoints[0].url, "http://second");
  ASSERT_EQ(exporters.size(), 1U);
  EXPECT_EQ(exporters[0]->name(), "mine");
  EXPECT_EQ(on_full, v1::OnFull::kDropOldest);
  EXPECT_EQ(buffer_bytes, 5U);
  EXPECT_EQ(memory_budget_bytes, 6U);
  EXPECT_EQ(batching, v1::Batching::kFixed);
  EXPECT_EQ(linger_ms, 7U);
  EXPECT_EQ(storage_directory, "/queue");
  EXPECT_EQ(storage_bytes_max, 8U);
  EXPECT_EQ(item_bytes_max, 9U);
  EXPECT_EQ(attribute_value_length_max, 10U);
  EXPECT_EQ(service_name, "service");
  EXPECT_EQ(resource, (v1::Attributes{{"key", 11}}));
  EXPECT_EQ(scope_name, "scope");
  EXPECT_EQ(scope_version, "1.2");
  EXPECT_NE(yaml, "");
  EXPECT_TRUE(log != nullptr);
  millrace_config_free(handle);
}

TEST(EveryFieldTest, OfAnEndpointHasASetter) {
  millrace_config* handle = millrace_config_new();
  for (millrace_endpoint* one :
       {millrace_config_endpoint(handle), millrace_config_add_endpoint(handle, "http://second")}) {
    ok(millrace_endpoint_set_protocol(one, MILLRACE_PROTOCOL_HTTP_JSON));
    ok(millrace_endpoint_add_header(one, "name", "value"));
    ok(millrace_endpoint_set_ca_file(one, "ca"));
    ok(millrace_endpoint_set_certificate(one, "certificate", "key"));
    ok(millrace_endpoint_set_server_name(one, "server"));
    ok(millrace_endpoint_set_skip_verification(one, 1));
    ok(millrace_endpoint_set_compression(one, MILLRACE_COMPRESSION_ZSTD));
    ok(millrace_endpoint_set_timeout_ms(one, 2));
    ok(millrace_endpoint_set_required(one, 0));
    ok(millrace_endpoint_set_concurrency_max(one, 3));
    ok(millrace_endpoint_set_retry(one, 4, 5, 6));
  }
  const v1::Config config = assemble(*handle);
  for (const v1::Endpoint& one : {config.endpoint_options, config.endpoints.at(0)}) {
    const auto& [url, protocol, headers, tls, compression, timeout_ms, required, concurrency_max,
                 retry_for_ms, retry_initial_ms, retry_max_ms] = one;
    const auto& [ca_file, certificate_file, key_file, server_name, skip_verification] = tls;
    EXPECT_TRUE(url.empty() || url == "http://second");
    EXPECT_EQ(protocol, v1::Protocol::kHttpJson);
    ASSERT_EQ(headers.size(), 1U);
    EXPECT_EQ(headers[0], (std::pair<std::string, std::string>("name", "value")));
    EXPECT_EQ(ca_file + certificate_file + key_file + server_name, "cacertificatekeyserver");
    EXPECT_TRUE(skip_verification);
    EXPECT_EQ(compression, v1::Compression::kZstd);
    EXPECT_EQ(timeout_ms, 2U);
    EXPECT_FALSE(required);
    EXPECT_EQ(concurrency_max, 3U);
    EXPECT_EQ(retry_for_ms * 100 + retry_initial_ms * 10 + retry_max_ms, 456U);
  }
  millrace_config_free(handle);
}

v1::DropCounts numbered(uint64_t first) {
  v1::DropCounts counts;
  for (size_t i = 0; i < counts.size(); ++i) counts[i] = first + i;
  return counts;
}

TEST(EveryFieldTest, OfStatisticsCanBeSeen) {
  millrace_statistics handle;
  v1::Statistics& all = handle.statistics;
  v1::SignalStatistics& logs = all.signals[2];
  logs = {1, 2, 3, 4, numbered(100), 5};
  all.destinations = {
      {"name", v1::Signal::kLogs, 11, 12, 13, 14, numbered(200), 15, 16, "last error"}};
  const auto& [signals, destinations, repaired_texts, corrected_times, truncated_values,
               skipped_attributes, exporter_exceptions, buffer_bytes, thread_count] = all;
  all.repaired_texts = 21;
  all.corrected_times = 22;
  all.truncated_values = 23;
  all.skipped_attributes = 24;
  all.exporter_exceptions = 25;
  all.buffer_bytes = 26;
  all.thread_count = 27;

  millrace_totals totals;
  totals.struct_size = sizeof totals;
  ok(millrace_statistics_totals(&handle, &totals));
  EXPECT_EQ(totals.collected, all.collected());
  EXPECT_EQ(totals.refused, all.refused());
  EXPECT_EQ(totals.exported, all.exported());
  EXPECT_EQ(totals.failed, all.failed());
  EXPECT_EQ(totals.queued, all.queued());
  EXPECT_EQ(totals.balances, all.balances() ? 1U : 0U);
  EXPECT_EQ(totals.repaired_texts, repaired_texts);
  EXPECT_EQ(totals.corrected_times, corrected_times);
  EXPECT_EQ(totals.truncated_values, truncated_values);
  EXPECT_EQ(totals.skipped_attributes, skipped_attributes);
  EXPECT_EQ(totals.exporter_exceptions, exporter_exceptions);
  EXPECT_EQ(totals.buffer_bytes, buffer_bytes);
  EXPECT_EQ(totals.thread_count, thread_count);

  millrace_signal_statistics signal;
  signal.struct_size = sizeof signal;
  ok(millrace_statistics_signal(&handle, MILLRACE_LOGS, &signal));
  const auto& [collected, refused_buffer_full, refused_shut_down, refused_too_large,
               dropped_in_buffer, buffered] = signals[2];
  EXPECT_EQ(signal.collected, collected);
  EXPECT_EQ(signal.refused_buffer_full, refused_buffer_full);
  EXPECT_EQ(signal.refused_shut_down, refused_shut_down);
  EXPECT_EQ(signal.refused_too_large, refused_too_large);
  EXPECT_EQ(signal.buffered, buffered);

  ASSERT_EQ(millrace_statistics_destination_count(&handle), 1U);
  millrace_destination_statistics one;
  one.struct_size = sizeof one;
  ok(millrace_statistics_destination(&handle, 0, &one));
  const auto& [name, of_signal, recovered, delivered, rejected_by_peer, filtered, dropped, queued,
               retries, last_error] = destinations[0];
  EXPECT_EQ(one.name, name);
  EXPECT_EQ(one.signal, static_cast<millrace_signal>(of_signal));
  EXPECT_EQ(one.recovered, recovered);
  EXPECT_EQ(one.delivered, delivered);
  EXPECT_EQ(one.rejected_by_peer, rejected_by_peer);
  EXPECT_EQ(one.filtered, filtered);
  EXPECT_EQ(one.queued, queued);
  EXPECT_EQ(one.retries, retries);
  EXPECT_EQ(one.last_error, last_error);
  for (size_t i = 0; i < v1::kDropReasonCount; ++i) {
    EXPECT_EQ(totals.dropped[i], all.dropped(static_cast<v1::DropReason>(i)));
    EXPECT_EQ(signal.dropped_in_buffer[i], dropped_in_buffer[i]);
    EXPECT_EQ(one.dropped[i], dropped[i]);
  }
}

TEST(EveryFieldTest, OfASpanIsRead) {
  millrace_span_event event = {};
  millrace_span_link link = {};
  millrace_span from;
  millrace_span_init(&from, "name");
  from.parent_span_id[0] = 1;
  from.trace_state = millrace_text_of("state");
  from.flags = 2;
  const millrace_attribute attribute = millrace_attribute_of("key", millrace_integer_value(3));
  from.attributes = event.attributes = link.attributes = &attribute;
  from.attribute_count = event.attribute_count = link.attribute_count = 1;
  from.dropped_attributes_count = 4;
  from.events = &event;
  from.event_count = 1;
  from.dropped_events_count = 5;
  from.links = &link;
  from.link_count = 1;
  from.dropped_links_count = 6;
  from.status_code = MILLRACE_STATUS_ERROR;
  from.status_message = millrace_text_of("why");
  from.end_time_unix_nano += 7;
  v1::Span to;
  Allowance allowance(1 << 20);
  ASSERT_TRUE(read_span(&from, to, allowance));
  const auto& [trace_id, span_id, parent_span_id, trace_state, flags, name, kind,
               start_time_unix_nano, end_time_unix_nano, attributes, dropped_attributes_count,
               events, dropped_events_count, links, dropped_links_count, status] = to;
  EXPECT_EQ(trace_id, to_trace_id(from.trace_id));
  EXPECT_EQ(span_id, to_span_id(from.span_id));
  EXPECT_EQ(parent_span_id[0], 1);
  EXPECT_EQ(trace_state, "state");
  EXPECT_EQ(flags, 2U);
  EXPECT_EQ(name, "name");
  EXPECT_EQ(kind, v1::SpanKind::kInternal);
  EXPECT_EQ(start_time_unix_nano, from.start_time_unix_nano);
  EXPECT_EQ(end_time_unix_nano, from.start_time_unix_nano + 7);
  EXPECT_EQ(attributes, (v1::Attributes{{"key", 3}}));
  EXPECT_EQ(dropped_attributes_count, 4U);
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].attributes, attributes);
  EXPECT_EQ(dropped_events_count, 5U);
  ASSERT_EQ(links.size(), 1U);
  EXPECT_EQ(links[0].attributes, attributes);
  EXPECT_EQ(dropped_links_count, 6U);
  EXPECT_EQ(status, (v1::SpanStatus{v1::StatusCode::kError, "why"}));
}

TEST(EveryFieldTest, OfALogRecordIsRead) {
  millrace_log_record from;
  millrace_log_record_init(&from, MILLRACE_SEVERITY_WARN, "body");
  from.time_unix_nano = 1;
  from.observed_time_unix_nano = 2;
  from.severity_text = millrace_text_of("W");
  const millrace_attribute attribute = millrace_attribute_of("key", millrace_integer_value(3));
  from.attributes = &attribute;
  from.attribute_count = 1;
  from.dropped_attributes_count = 4;
  from.flags = 5;
  from.trace_id[0] = 6;
  from.span_id[0] = 7;
  from.event_name = millrace_text_of("event");
  v1::LogRecord to;
  Allowance allowance(1 << 20);
  ASSERT_TRUE(read_log_record(&from, to, allowance));
  const auto& [time_unix_nano, observed_time_unix_nano, severity, severity_text, body, attributes,
               dropped_attributes_count, flags, trace_id, span_id, event_name] = to;
  EXPECT_EQ(time_unix_nano, 1U);
  EXPECT_EQ(observed_time_unix_nano, 2U);
  EXPECT_EQ(severity, v1::Severity::kWarn);
  EXPECT_EQ(severity_text, "W");
  EXPECT_EQ(body, v1::Value("body"));
  EXPECT_EQ(attributes, (v1::Attributes{{"key", 3}}));
  EXPECT_EQ(dropped_attributes_count, 4U);
  EXPECT_EQ(flags, 5U);
  EXPECT_EQ(trace_id[0], 6);
  EXPECT_EQ(span_id[0], 7);
  EXPECT_EQ(event_name, "event");
}

TEST(EveryFieldTest, OfAMetricPointIsRead) {
  millrace_exemplar exemplar = {};
  exemplar.value = millrace_double_value(1.5);
  exemplar.time_unix_nano = 1;
  exemplar.trace_id[0] = 2;
  exemplar.span_id[0] = 3;
  const millrace_attribute attribute = millrace_attribute_of("key", millrace_integer_value(3));
  exemplar.filtered_attributes = &attribute;
  exemplar.filtered_attribute_count = 1;
  const uint64_t counts[] = {4, 5};
  millrace_metric_point from;
  millrace_metric_point_init(&from, MILLRACE_METRIC_EXPONENTIAL_HISTOGRAM, "name", "unit");
  from.description = millrace_text_of("description");
  from.start_time_unix_nano = 6;
  from.time_unix_nano = 7;
  from.attributes = &attribute;
  from.attribute_count = 1;
  from.flags = 1;
  from.count = 8;
  from.sum = 9;
  from.min = 10;
  from.max = 11;
  from.has_sum = from.has_min = from.has_max = 1;
  from.scale = 12;
  from.zero_count = 13;
  from.zero_threshold = 14;
  from.positive = {15, 0, counts, 2};
  from.negative = {16, 0, counts, 1};
  from.exemplars = &exemplar;
  from.exemplar_count = 1;
  v1::MetricPoint to;
  Allowance allowance(1 << 20);
  ASSERT_TRUE(read_metric_point(&from, to, allowance));
  const auto& [name, description, unit, start, time, attributes, flags, data, exemplars] = to;
  EXPECT_EQ(name + description + unit, "namedescriptionunit");
  EXPECT_EQ(start, 6U);
  EXPECT_EQ(time, 7U);
  EXPECT_EQ(attributes, (v1::Attributes{{"key", 3}}));
  EXPECT_EQ(flags, 1U);
  const v1::ExponentialHistogram expected{
      8, 9, 10, 11, 12, 13, 14, {15, {4, 5}}, {16, {4}}, v1::Temporality::kCumulative};
  EXPECT_EQ(std::get<v1::ExponentialHistogram>(data), expected);
  ASSERT_EQ(exemplars.size(), 1U);
  EXPECT_EQ(exemplars[0], (v1::Exemplar{1.5, 1, {2}, {3}, {{"key", 3}}}));
}

}  // namespace
}  // namespace millrace::c_interface
