// Spans, log records and metric points, by structures and by builders.
#include "c_interface/c_interface_testing.h"

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

void test_spans_by_structure_and_by_builder(void) {
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
  // Kept batches outlive the collector.
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

void test_logs_by_structure_and_by_builder(void) {
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

  uint8_t trace_id[16], span_id[8];
  millrace_random_trace_id(trace_id);
  millrace_random_span_id(span_id);
  const millrace_value body = millrace_text_value("a body of any type");
  millrace_log_record_builder* builder =
      millrace_log_record_builder_new(MILLRACE_SEVERITY_INFO, "by builder");
  millrace_log_record_builder_set_severity_text(builder, "INFORMATION");
  millrace_log_record_builder_set_span(builder, trace_id, span_id);
  millrace_log_record_builder_set_event_name(builder, "an event");
  millrace_log_record_builder_set_flags(builder, 1);
  millrace_log_record_builder_set_text(builder, "text", "a text of a builder");
  millrace_log_record_builder_set_bool(builder, "bool", 1);
  millrace_log_record_builder_set_integer(builder, "integer", 1);
  millrace_log_record_builder_set_double(builder, "double", 1.5);
  CHECK(millrace_collect_log_builder(collector, builder) == MILLRACE_OK);
  millrace_log_record_builder_reset(builder, 99, NULL);
  millrace_log_record_builder_set_body(builder, &body);
  millrace_log_record_builder_set_time(builder, 0);
  millrace_log_record_builder_set_observed_time(builder, 0x3132333435363738);
  millrace_log_record_builder_set_value(builder, "value", &body);
  CHECK(millrace_collect_log_builder(collector, builder) == MILLRACE_OK);
  millrace_log_record_builder_free(builder);

  CHECK(millrace_shutdown(collector, 10000) == MILLRACE_OK);
  millrace_destroy(collector);
  CHECK(seen.items[MILLRACE_LOGS] == 3);
  const char* expected[] = {"a body",   "WARNING",  "by builder", "INFORMATION",
                            "an event", "integer",  "bool",       "a text of a builder",
                            "double",   "87654321", "value",      "a body of any type"};
  for (size_t i = 0; i < sizeof expected / sizeof *expected; ++i) {
    if (!contains(&seen, MILLRACE_LOGS, expected[i])) fprintf(stderr, "%s\n", expected[i]);
    CHECK(contains(&seen, MILLRACE_LOGS, expected[i]));
  }
  release(&seen);
}

// A point of each kind with every field.
static const uint64_t counts[] = {1, 2};
static const double bounds[] = {0.5};
static const millrace_quantile quantiles[] = {{0.5, 1}, {1, 2}};
static millrace_metric_point point_of(millrace_metric_kind kind, const char* name,
                                      const millrace_exemplar* exemplar) {
  millrace_metric_point point;
  millrace_metric_point_init(&point, kind, name, "{request}");
  point.value = millrace_integer_value(12);
  point.count = 3;
  point.sum = 2.5;
  point.has_sum = point.has_min = point.has_max = 1;
  point.exemplars = exemplar;
  point.exemplar_count = 1;
  if (kind == MILLRACE_METRIC_HISTOGRAM) {
    point.bucket_counts = counts;
    point.bucket_count = 2;
    point.explicit_bounds = bounds;
    point.bound_count = 1;
  }
  point.scale = 3;
  point.positive.bucket_counts = counts;
  point.positive.bucket_count = 2;
  point.quantiles = quantiles;
  point.quantile_count = 2;
  return point;
}

static millrace_exemplar exemplar_of(const millrace_attribute* attribute) {
  millrace_exemplar exemplar;
  memset(&exemplar, 0, sizeof exemplar);
  exemplar.value = millrace_double_value(0.25);
  millrace_random_trace_id(exemplar.trace_id);
  millrace_random_span_id(exemplar.span_id);
  exemplar.filtered_attributes = attribute;
  exemplar.filtered_attribute_count = 1;
  return exemplar;
}

void test_metric_points_by_structure_and_by_builder(void) {
  static const char* names[] = {"a gauge", "a sum", "a histogram", "an exponential", "a summary"};
  struct seen seen;
  millrace_config* config = config_with(&seen);
  millrace_collector* collector = create(config);
  millrace_config_free(config);
  const millrace_attribute attribute =
      millrace_attribute_of("of an exemplar", millrace_integer_value(1));
  const millrace_exemplar exemplar = exemplar_of(&attribute);
  const millrace_value value = millrace_bool_value(1);

  millrace_metric_point_builder* builder = NULL;
  for (uint32_t kind = MILLRACE_METRIC_GAUGE; kind <= MILLRACE_METRIC_SUMMARY; ++kind) {
    millrace_metric_point point = point_of((millrace_metric_kind)kind, names[kind], &exemplar);
    CHECK(millrace_collect_metric(collector, &point) == MILLRACE_OK);
    point.description = millrace_text_of("by builder");
    if (builder == NULL) {
      builder = millrace_metric_point_builder_new(&point);
    } else {
      CHECK(millrace_metric_point_builder_reset(builder, &point) == MILLRACE_OK);
    }
    millrace_metric_point_builder_set_text(builder, "text", "a text of a builder");
    millrace_metric_point_builder_set_bool(builder, "bool", 0);
    millrace_metric_point_builder_set_integer(builder, "integer", 2);
    millrace_metric_point_builder_set_double(builder, "double", 2.5);
    millrace_metric_point_builder_set_value(builder, "value", &value);
    millrace_metric_point_builder_add_exemplar(builder, &exemplar);
    CHECK(millrace_collect_metric_builder(collector, builder) == MILLRACE_OK);
  }
  millrace_metric_point_builder_free(builder);

  CHECK(millrace_shutdown(collector, 10000) == MILLRACE_OK);
  millrace_destroy(collector);
  CHECK(seen.items[MILLRACE_METRICS] == 10);
  for (size_t i = 0; i < 5; ++i) CHECK(contains(&seen, MILLRACE_METRICS, names[i]));
  const char* expected[] = {"{request}", "by builder", "a text of a builder", "integer",
                            "double",    "value",      "of an exemplar",      "bool"};
  for (size_t i = 0; i < sizeof expected / sizeof *expected; ++i) {
    CHECK(contains(&seen, MILLRACE_METRICS, expected[i]));
  }
  release(&seen);
}

void test_metric_points_that_are_refused(void) {
  struct seen seen;
  millrace_config* config = config_with(&seen);
  millrace_collector* collector = create(config);
  millrace_config_free(config);
  millrace_exemplar exemplar = exemplar_of(NULL);
  millrace_metric_point good = point_of(MILLRACE_METRIC_HISTOGRAM, "good", &exemplar);
  millrace_metric_point_builder* builder = millrace_metric_point_builder_new(&good);

  millrace_metric_point bad[8];
  for (size_t i = 0; i < 8; ++i) bad[i] = good;
  bad[0].kind = (millrace_metric_kind)9;
  bad[1].bound_count = 2;
  bad[2].temporality = (millrace_temporality)0;
  bad[3].bucket_counts = NULL;
  bad[4].kind = MILLRACE_METRIC_SUM;
  bad[4].value = millrace_text_value("12");
  bad[5].struct_size = 8;
  bad[6].exemplars = NULL;
  bad[7].kind = MILLRACE_METRIC_SUMMARY;
  bad[7].quantiles = NULL;
  for (size_t i = 0; i < 8; ++i) {
    CHECK(millrace_collect_metric(collector, &bad[i]) == MILLRACE_INVALID_ARGUMENT);
    CHECK(millrace_metric_point_builder_new(&bad[i]) == NULL);
    CHECK(millrace_metric_point_builder_reset(builder, &bad[i]) == MILLRACE_INVALID_ARGUMENT);
  }
  exemplar.value = millrace_text_value("none");
  CHECK(millrace_collect_metric(collector, &good) == MILLRACE_INVALID_ARGUMENT);
  // The builder is unchanged.
  CHECK(millrace_collect_metric_builder(collector, builder) == MILLRACE_OK);
  millrace_metric_point_builder_free(builder);
  CHECK(millrace_shutdown(collector, 10000) == MILLRACE_OK);
  millrace_destroy(collector);
  CHECK(seen.items[MILLRACE_METRICS] == 1 && contains(&seen, MILLRACE_METRICS, "good"));
  release(&seen);
}

// The caller's structure ends with bound_count: the library must not read behind it.
void test_a_metric_point_of_an_older_caller(void) {
  struct seen seen;
  millrace_config* config = config_with(&seen);
  millrace_collector* collector = create(config);
  millrace_config_free(config);
  millrace_metric_point point = point_of(MILLRACE_METRIC_SUM, "old", NULL);
  point.struct_size = offsetof(millrace_metric_point, scale);
  memset((char*)&point + point.struct_size, 0xee, sizeof point - point.struct_size);
  CHECK(millrace_collect_metric(collector, &point) == MILLRACE_OK);
  CHECK(millrace_shutdown(collector, 10000) == MILLRACE_OK);
  millrace_destroy(collector);
  CHECK(seen.items[MILLRACE_METRICS] == 1);
  release(&seen);
}
