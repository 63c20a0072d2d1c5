/* The C interface: a span, a log record and a metric point, each by structure and by builder.
 *
 *   c_program [URL]
 */
#include <millrace/millrace.h>
#include <stdio.h>

static void log_line(void* context, millrace_log_level level, const char* line, size_t size) {
  (void)context;
  (void)size;
  if (level >= MILLRACE_LOG_WARN) fprintf(stderr, "%s\n", line);
}

int main(int argc, char** argv) {
  millrace_config* config = millrace_config_new();
  millrace_collector* collector = NULL;
  millrace_config_set_service_name(config, "c_program");
  millrace_config_set_endpoint(config, argc > 1 ? argv[1] : "http://localhost:4317");
  millrace_config_set_log(config, log_line, NULL);
  if (millrace_create(config, &collector) != MILLRACE_OK) {
    fprintf(stderr, "%s\n", millrace_config_message(config));
    millrace_config_free(config);
    return 2;
  }
  millrace_config_free(config);

  millrace_attribute attributes[2];
  attributes[0] = millrace_attribute_of("cart.items", millrace_integer_value(3));
  attributes[1] = millrace_attribute_of("cart.currency", millrace_text_value("EUR"));
  millrace_span root;
  millrace_span_init(&root, "checkout");
  root.kind = MILLRACE_SPAN_SERVER;
  root.attributes = attributes;
  root.attribute_count = 2;

  millrace_span_builder* query = millrace_span_builder_new("SELECT");
  millrace_span_builder_set_trace_id(query, root.trace_id);
  millrace_span_builder_set_parent(query, root.span_id);
  millrace_span_builder_set_kind(query, MILLRACE_SPAN_CLIENT);
  millrace_span_builder_set_text(query, "db.system.name", "postgresql");
  millrace_span_builder_set_integer(query, "db.response.returned_rows", 42);
  millrace_code code = millrace_collect_builder(collector, query); /* ends it now */
  millrace_span_builder_free(query);

  millrace_log_record record;
  millrace_log_record_init(&record, MILLRACE_SEVERITY_INFO, "paid");
  memcpy(record.trace_id, root.trace_id, sizeof record.trace_id);
  memcpy(record.span_id, root.span_id, sizeof record.span_id);
  if (code == MILLRACE_OK) code = millrace_collect_log(collector, &record);

  millrace_log_record_builder* line =
      millrace_log_record_builder_new(MILLRACE_SEVERITY_WARN, "slow answer");
  millrace_log_record_builder_set_span(line, root.trace_id, root.span_id);
  millrace_log_record_builder_set_double(line, "answer.seconds", 1.5);
  if (code == MILLRACE_OK) code = millrace_collect_log_builder(collector, line);
  millrace_log_record_builder_free(line);

  millrace_metric_point orders; /* the total since the start */
  millrace_metric_point_init(&orders, MILLRACE_METRIC_SUM, "shop.orders", "{order}");
  orders.value = millrace_integer_value(1);
  if (code == MILLRACE_OK) code = millrace_collect_metric(collector, &orders);

  /* The metric of the point, and then its attributes, written directly as protobuf. */
  const uint64_t counts[] = {40, 2, 0};
  const double bounds[] = {0.1, 1};
  millrace_metric_point durations;
  millrace_metric_point_init(&durations, MILLRACE_METRIC_HISTOGRAM, "db.client.duration", "s");
  durations.count = 42;
  durations.sum = 3.5;
  durations.has_sum = 1;
  durations.bucket_counts = counts;
  durations.bucket_count = 3;
  durations.explicit_bounds = bounds;
  durations.bound_count = 2;
  millrace_metric_point_builder* point = millrace_metric_point_builder_new(&durations);
  millrace_metric_point_builder_set_text(point, "db.system.name", "postgresql");
  if (code == MILLRACE_OK) code = millrace_collect_metric_builder(collector, point);
  millrace_metric_point_builder_free(point);

  root.end_time_unix_nano = millrace_now_unix_nano();
  if (code == MILLRACE_OK) code = millrace_collect_span(collector, &root);
  if (code != MILLRACE_OK) fprintf(stderr, "collect: %s\n", millrace_code_name(code));

  const millrace_code ended = millrace_shutdown(collector, 10000);
  if (ended != MILLRACE_OK) fprintf(stderr, "shutdown: %s\n", millrace_code_name(ended));
  millrace_totals totals;
  totals.struct_size = sizeof totals;
  millrace_statistics* statistics = millrace_statistics_of(collector);
  millrace_statistics_totals(statistics, &totals);
  millrace_statistics_free(statistics);
  millrace_destroy(collector);
  printf("collected %llu, exported %llu\n", (unsigned long long)totals.collected,
         (unsigned long long)totals.exported);
  return code == MILLRACE_OK && ended == MILLRACE_OK && totals.exported == 6 ? 0 : 1;
}
