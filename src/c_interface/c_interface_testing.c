#include "c_interface/c_interface_testing.h"

int failures = 0;

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

millrace_config* config_with(struct seen* seen) {
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

millrace_collector* create(millrace_config* config) {
  millrace_collector* collector = NULL;
  const millrace_code code = millrace_create(config, &collector);
  if (code != MILLRACE_OK) {
    fprintf(stderr, "%s: %s\n", millrace_code_name(code), millrace_config_message(config));
    exit(99);
  }
  return collector;
}

void release(struct seen* seen) {
  for (size_t i = 0; i < seen->kept_count; ++i) millrace_batch_release(seen->kept[i]);
  seen->kept_count = 0;
}

int contains(const struct seen* seen, millrace_signal signal, const char* bytes) {
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

millrace_totals totals_of(const millrace_collector* collector) {
  millrace_totals totals;
  millrace_statistics* statistics = millrace_statistics_of(collector);
  totals.struct_size = sizeof totals;
  CHECK(millrace_statistics_totals(statistics, &totals) == MILLRACE_OK);
  millrace_statistics_free(statistics);
  return totals;
}
