// A C99 program on the public header alone. Prints each failed check; exits with their number.
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "millrace/millrace.h"

static int failures = 0;
#define CHECK(condition)                                                      \
  do {                                                                        \
    if (!(condition)) {                                                       \
      fprintf(stderr, "%s:%d: failed: %s\n", __FILE__, __LINE__, #condition); \
      ++failures;                                                             \
    }                                                                         \
  } while (0)

// What an exporter of the test has seen; one thread writes, the main one reads after shutdown.
struct seen {
  millrace_batch* kept[16];
  size_t kept_count;
  uint64_t items[3];
  int calls;
  int fail_first;
  int refuse;
  int shut_down;
  int destroyed;
};

static millrace_export_kind see(void* context, const millrace_batch* batch, uint64_t timeout_ms,
                                millrace_export_outcome* outcome) {
  struct seen* seen = context;
  (void)timeout_ms;
  ++seen->calls;
  if (seen->fail_first != 0) {
    --seen->fail_first;
    outcome->retry_after_ms = 1;
    strcpy(outcome->message, "not now");
    return MILLRACE_EXPORT_RETRY;
  }
  if (seen->refuse != 0) {
    strcpy(outcome->message, "never");
    return MILLRACE_EXPORT_REFUSED;
  }
  seen->items[millrace_batch_signal(batch)] += millrace_batch_item_count(batch);
  if (seen->kept_count < 16) seen->kept[seen->kept_count++] = millrace_batch_keep(batch);
  return MILLRACE_EXPORT_DELIVERED;
}
static void see_shutdown(void* context) { ((struct seen*)context)->shut_down += 1; }
static void see_destroy(void* context) { ((struct seen*)context)->destroyed += 1; }

static millrace_config* config_with(struct seen* seen) {
  millrace_config* config = millrace_config_new();
  millrace_exporter exporter;
  memset(seen, 0, sizeof *seen);
  millrace_exporter_init(&exporter, "seen", seen, see);
  exporter.shutdown = see_shutdown;
  exporter.destroy = see_destroy;
  CHECK(millrace_config_set_endpoint(config, "") == MILLRACE_OK);
  CHECK(millrace_config_set_linger_ms(config, 1) == MILLRACE_OK);
  CHECK(millrace_config_add_exporter(config, &exporter) == MILLRACE_OK);
  return config;
}

static millrace_collector* create(millrace_config* config) {
  millrace_collector* collector = NULL;
  const millrace_code code = millrace_create(config, &collector);
  if (code != MILLRACE_OK) {
    fprintf(stderr, "%s: %s\n", millrace_code_name(code), millrace_config_message(config));
    exit(99);
  }
  return collector;
}

static void release(struct seen* seen) {
  for (size_t i = 0; i < seen->kept_count; ++i) millrace_batch_release(seen->kept[i]);
  seen->kept_count = 0;
}

// Whether some kept batch of that signal has those bytes.
static int contains(const struct seen* seen, millrace_signal signal, const char* bytes) {
  for (size_t i = 0; i < seen->kept_count; ++i) {
    const millrace_batch* batch = seen->kept[i];
    const size_t size = millrace_batch_byte_count(batch);
    char* copy = malloc(size + 1);
    int found = 0;
    CHECK(millrace_batch_copy(batch, copy, size) == size);
    for (size_t at = 0; at + strlen(bytes) <= size; ++at) {
      found |= memcmp(copy + at, bytes, strlen(bytes)) == 0;
    }
    free(copy);
    if (found && millrace_batch_signal(batch) == signal) return 1;
  }
  return 0;
}

static millrace_totals totals_of(const millrace_collector* collector) {
  millrace_totals totals;
  millrace_statistics* statistics = millrace_statistics_of(collector);
  totals.struct_size = sizeof totals;
  CHECK(millrace_statistics_totals(statistics, &totals) == MILLRACE_OK);
  millrace_statistics_free(statistics);
  return totals;
}

static void fill_span(millrace_span* span, millrace_attribute* attributes,
                      millrace_span_event* event, millrace_span_link* link) {
  static const char bytes[] = {0, 1, 2};
  static millrace_value items[2];
  static millrace_attribute entries[1];
  items[0] = millrace_integer_value(7);
  items[1] = millrace_text_value("in an array");
  entries[0] = millrace_attribute_of("inner", millrace_array_value(items, 2));
  attributes[0] = millrace_attribute_of("text", millrace_text_value("a text of a span"));
  attributes[1] = millrace_attribute_of("bool", millrace_bool_value(1));
  attributes[2] = millrace_attribute_of("integer", millrace_integer_value(-1));
  attributes[3] = millrace_attribute_of("double", millrace_double_value(1.5));
  attributes[4] = millrace_attribute_of("bytes", millrace_bytes_value(bytes, sizeof bytes));
  attributes[5] = millrace_attribute_of("map", millrace_map_value(entries, 1));
  attributes[6] = millrace_attribute_of("empty", millrace_empty_value());
  memset(event, 0, sizeof *event);
  event->name = millrace_text_of("an event");
  event->attributes = attributes;
  event->attribute_count = 1;
  memset(link, 0, sizeof *link);
  millrace_random_trace_id(link->trace_id);
  millrace_random_span_id(link->span_id);
  link->trace_state = millrace_text_of("vendor=link");
  millrace_span_init(span, "by structure");
  span->kind = MILLRACE_SPAN_SERVER;
  span->attributes = attributes;
  span->attribute_count = 7;
  span->events = event;
  span->event_count = 1;
  span->links = link;
  span->link_count = 1;
  span->status_code = MILLRACE_STATUS_ERROR;
  span->status_message = millrace_text_of("went wrong");
}

static void test_spans_by_structure_and_by_builder(void) {
  struct seen seen;
  millrace_config* config = config_with(&seen);
  millrace_attribute attributes[7];
  millrace_span_event event;
  millrace_span_link link;
  millrace_span span;
  const millrace_value version = millrace_integer_value(3);
  CHECK(millrace_config_set_service_name(config, "a C service") == MILLRACE_OK);
  CHECK(millrace_config_add_resource_attribute(config, "host.cores", &version) == MILLRACE_OK);
  CHECK(millrace_config_set_scope(config, "a scope", NULL) == MILLRACE_OK);
  millrace_collector* collector = create(config);
  millrace_config_free(config);

  fill_span(&span, attributes, &event, &link);
  CHECK(millrace_collect_span(collector, &span) == MILLRACE_OK);

  uint8_t trace_id[16], span_id[8], again[8];
  millrace_span_builder* builder = millrace_span_builder_new("thrown away");
  millrace_span_builder_reset(builder, "by builder");
  millrace_span_builder_ids(builder, trace_id, span_id);
  millrace_span_builder_ids(builder, NULL, again);
  CHECK(memcmp(span_id, again, sizeof again) == 0);
  millrace_span_builder_set_kind(builder, MILLRACE_SPAN_CLIENT);
  millrace_span_builder_set_parent(builder, span.span_id);
  millrace_span_builder_set_text(builder, "text", "a text of a builder");
  millrace_span_builder_set_bool(builder, "bool", 0);
  millrace_span_builder_set_integer(builder, "integer", INT64_MIN);
  millrace_span_builder_set_double(builder, "double", -0.5);
  millrace_span_builder_set_value(builder, "map", &attributes[5].value);
  event.name = millrace_text_of("event of a builder");
  millrace_span_builder_add_event(builder, &event);
  millrace_span_builder_add_link(builder, &link);
  millrace_span_builder_set_status(builder, MILLRACE_STATUS_OK, NULL);
  CHECK(millrace_collect_builder(collector, builder) == MILLRACE_OK);
  millrace_span_builder_free(builder);

  CHECK(millrace_flush(collector, 10000) == MILLRACE_OK);
  CHECK(millrace_shutdown(collector, 10000) == MILLRACE_OK);
  CHECK(millrace_collect_span(collector, &span) == MILLRACE_SHUT_DOWN);
  const millrace_totals totals = totals_of(collector);
  CHECK(totals.collected == 2 && totals.exported == 2 && totals.refused == 1);
  CHECK(totals.queued == 0 && totals.failed == 0 && totals.balances == 1);
  millrace_destroy(collector);
  CHECK(seen.shut_down == 1 && seen.destroyed == 1);
  // What was kept outlives the collector.
  CHECK(seen.items[MILLRACE_TRACES] == 2);
  const char* expected[] = {
      "by structure",       "a text of a span", "in an array", "went wrong",
      "vendor=link",        "by builder",       "a C service", "a text of a builder",
      "event of a builder", "host.cores",       "a scope",     "an event"};
  for (size_t i = 0; i < sizeof expected / sizeof *expected; ++i) {
    if (!contains(&seen, MILLRACE_TRACES, expected[i])) fprintf(stderr, "%s\n", expected[i]);
    CHECK(contains(&seen, MILLRACE_TRACES, expected[i]));
  }
  CHECK(!contains(&seen, MILLRACE_TRACES, "thrown away"));
  release(&seen);
}

static void test_logs_and_metric_points(void) {
  struct seen seen;
  millrace_config* config = config_with(&seen);
  millrace_collector* collector = create(config);
  millrace_config_free(config);

  millrace_log_record record;
  millrace_log_record_init(&record, MILLRACE_SEVERITY_WARN, "a body");
  record.severity_text = millrace_text_of("WARNING");
  CHECK(millrace_collect_log(collector, &record) == MILLRACE_OK);
  record.severity = 25;
  CHECK(millrace_collect_log(collector, &record) == MILLRACE_INVALID_ARGUMENT);

  millrace_metric_point point;
  millrace_metric_point_init(&point, MILLRACE_METRIC_GAUGE, "a gauge", "By");
  point.value = millrace_double_value(0.25);
  CHECK(millrace_collect_metric(collector, &point) == MILLRACE_OK);
  millrace_metric_point_init(&point, MILLRACE_METRIC_SUM, "a sum", "{request}");
  point.value = millrace_integer_value(12);
  CHECK(millrace_collect_metric(collector, &point) == MILLRACE_OK);
  point.value = millrace_text_value("12");
  CHECK(millrace_collect_metric(collector, &point) == MILLRACE_INVALID_ARGUMENT);
  const uint64_t buckets[] = {1, 2};
  const double bounds[] = {0.5};
  millrace_metric_point_init(&point, MILLRACE_METRIC_HISTOGRAM, "a histogram", "s");
  point.count = 3;
  point.sum = 2.5;
  point.has_sum = 1;
  point.bucket_counts = buckets;
  point.bucket_count = 2;
  point.explicit_bounds = bounds;
  point.bound_count = 1;
  CHECK(millrace_collect_metric(collector, &point) == MILLRACE_OK);
  point.bound_count = 2;
  CHECK(millrace_collect_metric(collector, &point) == MILLRACE_INVALID_ARGUMENT);

  CHECK(millrace_shutdown(collector, 10000) == MILLRACE_OK);
  millrace_destroy(collector);
  CHECK(seen.items[MILLRACE_LOGS] == 1 && seen.items[MILLRACE_METRICS] == 3);
  CHECK(contains(&seen, MILLRACE_LOGS, "a body"));
  CHECK(contains(&seen, MILLRACE_LOGS, "WARNING"));
  CHECK(contains(&seen, MILLRACE_METRICS, "a gauge"));
  CHECK(contains(&seen, MILLRACE_METRICS, "{request}"));
  CHECK(contains(&seen, MILLRACE_METRICS, "a histogram"));
  release(&seen);
}

static void test_statistics_say_what_became_of_items(void) {
  struct seen seen;
  millrace_config* config = config_with(&seen);
  millrace_collector* collector = create(config);
  millrace_config_free(config);
  millrace_span span;
  millrace_span_init(&span, "a span");
  seen.fail_first = 2;
  CHECK(millrace_collect_span(collector, &span) == MILLRACE_OK);
  CHECK(millrace_flush(collector, 20000) == MILLRACE_OK);
  CHECK(seen.calls == 3);
  seen.refuse = 1;
  CHECK(millrace_collect_span(collector, &span) == MILLRACE_OK);
  CHECK(millrace_flush(collector, 20000) == MILLRACE_OK);

  millrace_statistics* statistics = millrace_statistics_of(collector);
  int found = 0;
  for (size_t i = 0; i < millrace_statistics_destination_count(statistics); ++i) {
    millrace_destination_statistics counts;
    counts.struct_size = sizeof counts;
    CHECK(millrace_statistics_destination(statistics, i, &counts) == MILLRACE_OK);
    if (counts.signal != MILLRACE_TRACES) continue;
    ++found;
    CHECK(strcmp(counts.name, "exporter/seen") == 0);
    CHECK(counts.delivered == 1 && counts.retries == 2);
    CHECK(counts.dropped[MILLRACE_DROP_REFUSED] == 1);
    CHECK(strstr(counts.last_error, "never") != NULL);
  }
  CHECK(found == 1);
  millrace_signal_statistics of_traces;
  of_traces.struct_size = sizeof of_traces;
  CHECK(millrace_statistics_signal(statistics, MILLRACE_TRACES, &of_traces) == MILLRACE_OK);
  CHECK(of_traces.collected == 2 && of_traces.buffered == 0);

  // A caller of an older version has a shorter structure: nothing behind it is written.
  union {
    millrace_totals totals;
    unsigned char bytes[sizeof(millrace_totals)];
  } old;
  memset(&old, 0xee, sizeof old);
  old.totals.struct_size = offsetof(millrace_totals, refused);
  CHECK(millrace_statistics_totals(statistics, &old.totals) == MILLRACE_OK);
  CHECK(old.totals.collected == 2);
  CHECK(old.bytes[offsetof(millrace_totals, refused)] == 0xee);
  old.totals.struct_size = 0;
  CHECK(millrace_statistics_totals(statistics, &old.totals) == MILLRACE_INVALID_ARGUMENT);
  millrace_statistics_free(statistics);
  CHECK(millrace_shutdown(collector, 10000) == MILLRACE_OK);
  millrace_destroy(collector);
  release(&seen);
}

static void test_a_full_buffer_rejects(void) {
  millrace_config* config = millrace_config_new();
  CHECK(millrace_config_set_endpoint(config, "http://127.0.0.1:1") == MILLRACE_OK);
  CHECK(millrace_config_set_buffer_capacity(config, 2) == MILLRACE_OK);
  CHECK(millrace_config_set_on_full(config, MILLRACE_ON_FULL_REJECT) == MILLRACE_OK);
  CHECK(millrace_config_set_on_full(config, (millrace_on_full)9) == MILLRACE_INVALID_ARGUMENT);
  millrace_collector* collector = create(config);
  millrace_config_free(config);
  millrace_span span;
  millrace_span_init(&span, "a span");
  CHECK(millrace_collect_span(collector, &span) == MILLRACE_OK);
  CHECK(millrace_collect_span(collector, &span) == MILLRACE_OK);
  CHECK(millrace_collect_span(collector, &span) == MILLRACE_BUFFER_FULL);
  CHECK(millrace_flush(collector, 20) == MILLRACE_DEADLINE_EXCEEDED);
  CHECK(millrace_shutdown(collector, 20) == MILLRACE_DEADLINE_EXCEEDED);
  const millrace_totals totals = totals_of(collector);
  CHECK(totals.collected == 2 && totals.refused == 1 && totals.balances == 1);
  CHECK(totals.failed == 2 && totals.dropped[MILLRACE_DROP_DEADLINE] == 2);
  millrace_destroy(collector);
}

static void count_lines(void* context, millrace_log_level level, const char* line, size_t size) {
  (void)level;
  if (strlen(line) == size) ++*(int*)context;
}

static void test_a_configuration_explains_what_is_wrong(void) {
  millrace_collector* collector = NULL;
  millrace_config* config = millrace_config_new();
  int lines = 0;
  CHECK(strcmp(millrace_config_message(config), "") == 0);
  CHECK(millrace_config_set_log(config, count_lines, &lines) == MILLRACE_OK);
  CHECK(millrace_config_set_batch_size(config, 0) == MILLRACE_OK);
  CHECK(millrace_create(config, &collector) == MILLRACE_INVALID_ARGUMENT);
  CHECK(collector == NULL && strstr(millrace_config_message(config), "batch_size") != NULL);
  CHECK(millrace_config_set_batch_size(config, 1) == MILLRACE_OK);

  millrace_endpoint* second = millrace_config_add_endpoint(config, "gopher://nowhere");
  CHECK(second != NULL && second != millrace_config_endpoint(config));
  CHECK(millrace_endpoint_set_required(second, 0) == MILLRACE_OK);
  CHECK(millrace_create(config, &collector) == MILLRACE_INVALID_ARGUMENT);
  CHECK(strstr(millrace_config_message(config), "gopher") != NULL);

  const char* yaml = "receivers:\n  otlb:\n";
  CHECK(millrace_config_from_yaml(config, yaml, strlen(yaml)) == MILLRACE_INVALID_ARGUMENT);
  CHECK(strstr(millrace_config_message(config), "otlb") != NULL);
  CHECK(setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "soon", 1) == 0);
  CHECK(millrace_config_from_environment(config) == MILLRACE_INVALID_ARGUMENT);
  CHECK(strstr(millrace_config_message(config), "OTEL_EXPORTER_OTLP_TIMEOUT") != NULL);
  CHECK(setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "1500", 1) == 0);
  CHECK(millrace_config_from_environment(config) == MILLRACE_OK);
  CHECK(unsetenv("OTEL_EXPORTER_OTLP_TIMEOUT") == 0);
  millrace_config_free(config);
}

static void test_yaml_pipelines_take_what_is_collected(void) {
  const char* yaml =
      "receivers: {otlp: {protocols: {grpc: }}}\n"
      "exporters: {nop: }\n"
      "service:\n"
      "  pipelines:\n"
      "    traces: {receivers: [otlp], exporters: [nop]}\n";
  struct seen seen;
  millrace_config* config = config_with(&seen);
  CHECK(millrace_config_from_yaml(config, yaml, strlen(yaml)) == MILLRACE_OK);
  millrace_collector* collector = create(config);
  millrace_config_free(config);
  millrace_span span;
  millrace_span_init(&span, "a span");
  CHECK(millrace_collect_span(collector, &span) == MILLRACE_OK);
  CHECK(millrace_shutdown(collector, 10000) == MILLRACE_OK);
  CHECK(totals_of(collector).exported == 2);
  millrace_destroy(collector);
  CHECK(seen.items[MILLRACE_TRACES] == 1);
  release(&seen);
}

static void test_a_processor_takes_requests(void) {
  // ExportTraceServiceRequest with one span of the name "n", 16 and 8 bytes of ids.
  static const unsigned char request[] = {
      0x0a, 0x23, 0x12, 0x21, 0x12, 0x1f, 0x0a, 0x10, 1, 1, 1, 1, 1, 1, 1, 1,    1, 1,  1,
      1,    1,    1,    1,    1,    0x12, 0x08, 2,    2, 2, 2, 2, 2, 2, 2, 0x2a, 1, 'n'};
  struct seen seen;
  millrace_config* config = config_with(&seen);
  millrace_processor* processor = NULL;
  CHECK(millrace_processor_create(config, &processor) == MILLRACE_OK);
  millrace_config_free(config);
  uint32_t items = 9;
  char message[200];
  CHECK(millrace_processor_submit(processor, MILLRACE_TRACES, request, sizeof request, &items,
                                  message, sizeof message) == MILLRACE_OK);
  CHECK(items == 1 && message[0] == '\0');
  CHECK(millrace_processor_submit(processor, MILLRACE_TRACES, request, sizeof request - 1, &items,
                                  message, sizeof message) == MILLRACE_INVALID_ARGUMENT);
  CHECK(items == 0 && message[0] != '\0');
  char short_message[4];
  CHECK(millrace_processor_submit(processor, MILLRACE_TRACES, request, sizeof request - 1, NULL,
                                  short_message, 4) == MILLRACE_INVALID_ARGUMENT);
  CHECK(strlen(short_message) == 3);
  CHECK(millrace_processor_flush(processor, 20000) == MILLRACE_OK);
  CHECK(millrace_processor_shutdown(processor, 10000) == MILLRACE_OK);
  millrace_statistics* statistics = millrace_processor_statistics(processor);
  millrace_totals totals;
  totals.struct_size = sizeof totals;
  CHECK(millrace_statistics_totals(statistics, &totals) == MILLRACE_OK);
  CHECK(totals.exported == 1 && totals.balances == 1);
  millrace_statistics_free(statistics);
  millrace_processor_destroy(processor);
  CHECK(seen.items[MILLRACE_TRACES] == 1 && seen.destroyed == 1);
  release(&seen);
}

static void test_null_and_unset_structures_are_errors(void) {
  struct seen seen;
  millrace_config* config = config_with(&seen);
  millrace_collector* collector = create(config);
  millrace_span span;
  memset(&span, 0, sizeof span);
  CHECK(millrace_collect_span(collector, &span) == MILLRACE_INVALID_ARGUMENT);
  CHECK(millrace_collect_span(collector, NULL) == MILLRACE_INVALID_ARGUMENT);
  CHECK(millrace_collect_span(NULL, &span) == MILLRACE_INVALID_ARGUMENT);
  CHECK(millrace_collect_builder(collector, NULL) == MILLRACE_INVALID_ARGUMENT);
  CHECK(millrace_collect_log(collector, NULL) == MILLRACE_INVALID_ARGUMENT);
  CHECK(millrace_collect_metric(collector, NULL) == MILLRACE_INVALID_ARGUMENT);
  CHECK(millrace_flush(NULL, 0) == MILLRACE_INVALID_ARGUMENT);
  CHECK(millrace_shutdown(NULL, 0) == MILLRACE_INVALID_ARGUMENT);
  millrace_collector* none = collector;
  CHECK(millrace_create(NULL, &none) == MILLRACE_INVALID_ARGUMENT && none == NULL);
  CHECK(millrace_create(config, NULL) == MILLRACE_INVALID_ARGUMENT);
  CHECK(millrace_config_set_batch_size(NULL, 1) == MILLRACE_INVALID_ARGUMENT);
  CHECK(millrace_config_add_endpoint(config, NULL) == NULL);
  CHECK(millrace_config_endpoint(NULL) == NULL);
  CHECK(millrace_endpoint_set_protocol(NULL, MILLRACE_PROTOCOL_HTTP) == MILLRACE_INVALID_ARGUMENT);
  CHECK(millrace_endpoint_add_header(millrace_config_endpoint(config), "a", NULL) ==
        MILLRACE_INVALID_ARGUMENT);
  CHECK(millrace_config_add_exporter(config, NULL) == MILLRACE_INVALID_ARGUMENT);
  CHECK(millrace_statistics_of(NULL) == NULL);
  CHECK(millrace_statistics_destination_count(NULL) == 0);
  CHECK(strcmp(millrace_code_name((millrace_code)99), "UNKNOWN") == 0);
  CHECK(strcmp(millrace_drop_reason_name((millrace_drop_reason)99), "unknown") == 0);
  CHECK(millrace_version()[0] != '\0');
  millrace_span_builder_set_text(NULL, "a", "b");
  millrace_span_builder_free(NULL);
  millrace_batch_release(NULL);
  millrace_config_free(NULL);
  millrace_destroy(NULL);
  // In time, so that the exporter's thread has ended: nothing calls any more.
  CHECK(millrace_shutdown(collector, 10000) == MILLRACE_OK);
  millrace_destroy(collector);
  millrace_config_free(config);
  CHECK(seen.calls == 0 && seen.destroyed == 1);
}

static void* collect_many(void* collector) {
  millrace_span_builder* builder = millrace_span_builder_new("a span");
  for (int i = 0; i < 1000; ++i) {
    millrace_span_builder_reset(builder, "a span");
    millrace_span_builder_set_integer(builder, "i", i);
    CHECK(millrace_collect_builder(collector, builder) == MILLRACE_OK);
  }
  millrace_span_builder_free(builder);
  return NULL;
}

static void test_any_number_of_threads_collect(void) {
  struct seen seen;
  millrace_config* config = config_with(&seen);
  millrace_collector* collector = create(config);
  millrace_config_free(config);
  pthread_t threads[4];
  for (int i = 0; i < 4; ++i) pthread_create(&threads[i], NULL, collect_many, collector);
  for (int i = 0; i < 4; ++i) pthread_join(threads[i], NULL);
  CHECK(millrace_shutdown(collector, 20000) == MILLRACE_OK);
  CHECK(totals_of(collector).exported == 4000);
  millrace_destroy(collector);
  CHECK(seen.items[MILLRACE_TRACES] == 4000);
  release(&seen);
}

int main(void) {
  test_spans_by_structure_and_by_builder();
  test_logs_and_metric_points();
  test_statistics_say_what_became_of_items();
  test_a_full_buffer_rejects();
  test_a_configuration_explains_what_is_wrong();
  test_yaml_pipelines_take_what_is_collected();
  test_a_processor_takes_requests();
  test_null_and_unset_structures_are_errors();
  test_any_number_of_threads_collect();
  if (failures == 0) puts("c_interface: all checks hold");
  return failures;
}
