// A C99 program that includes the public header alone. Prints each failed check; exits with their
// number.

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "c_interface/c_interface_testing.h"

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

  // A caller of an older version has a shorter structure: the library must not write behind it.
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

static const char* variable(void* context, const char* name) {
  return strcmp(name, "OTEL_EXPORTER_OTLP_TIMEOUT") == 0 ? (const char*)context : NULL;
}

static void test_variables_come_from_anywhere(void) {
  millrace_config* config = millrace_config_new();
  char soon[] = "soon", number[] = "1500";
  CHECK(millrace_config_from_variables(config, NULL, NULL) == MILLRACE_INVALID_ARGUMENT);
  CHECK(millrace_config_from_variables(config, variable, soon) == MILLRACE_INVALID_ARGUMENT);
  CHECK(strstr(millrace_config_message(config), "OTEL_EXPORTER_OTLP_TIMEOUT") != NULL);
  CHECK(millrace_config_from_variables(config, variable, number) == MILLRACE_OK);
  millrace_config_free(config);
}

// The first collector's back end is unreachable; its spans stay on disk and the second delivers
// them.
static void test_spans_wait_on_disk_for_the_next_collector(void) {
  char directory[] = "/tmp/millrace-c-XXXXXX";
  CHECK(mkdtemp(directory) != NULL);
  char command[64];
  for (int round = 0; round < 2; ++round) {
    millrace_config* config = millrace_config_new();
    CHECK(millrace_config_set_endpoint(config, "http://127.0.0.1:1") == MILLRACE_OK);
    CHECK(millrace_config_set_storage_directory(config, directory) == MILLRACE_OK);
    CHECK(millrace_config_set_storage_bytes_max(config, 4 << 20) == MILLRACE_OK);
    millrace_collector* collector = create(config);
    millrace_config_free(config);
    if (round == 0) {
      millrace_span span;
      millrace_span_init(&span, "waits");
      CHECK(millrace_collect_span(collector, &span) == MILLRACE_OK);
      CHECK(millrace_flush(collector, 10000) == MILLRACE_OK);  // on disk
    }
    millrace_statistics* statistics = millrace_statistics_of(collector);
    uint64_t recovered = 0;
    for (size_t i = 0; i < millrace_statistics_destination_count(statistics); ++i) {
      millrace_destination_statistics counts;
      counts.struct_size = sizeof counts;
      CHECK(millrace_statistics_destination(statistics, i, &counts) == MILLRACE_OK);
      recovered += counts.recovered;
    }
    CHECK(recovered == (uint64_t)round);
    millrace_statistics_free(statistics);
    (void)millrace_shutdown(collector, 1000);
    millrace_destroy(collector);
  }
  snprintf(command, sizeof command, "rm -r %s", directory);
  CHECK(system(command) == 0);
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
  // ExportTraceServiceRequest with one span named "n" and ids of 16 and 8 bytes.
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
  CHECK(millrace_collect_log_builder(collector, NULL) == MILLRACE_INVALID_ARGUMENT);
  CHECK(millrace_collect_metric_builder(collector, NULL) == MILLRACE_INVALID_ARGUMENT);
  CHECK(millrace_metric_point_builder_new(NULL) == NULL);
  CHECK(millrace_metric_point_builder_reset(NULL, NULL) == MILLRACE_INVALID_ARGUMENT);
  millrace_log_record_builder_set_integer(NULL, "a", 1);
  millrace_metric_point_builder_add_exemplar(NULL, NULL);
  millrace_log_record_builder_free(NULL);
  millrace_metric_point_builder_free(NULL);
  millrace_batch_release(NULL);
  millrace_config_free(NULL);
  millrace_destroy(NULL);
  // Waits long enough for the exporter's thread to end: afterwards no function is called.
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
  test_logs_by_structure_and_by_builder();
  test_metric_points_by_structure_and_by_builder();
  test_metric_points_that_are_refused();
  test_a_metric_point_of_an_older_caller();
  test_spans_wait_on_disk_for_the_next_collector();
  test_variables_come_from_anywhere();
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
