// Common code of the C tests. They are C99 and include the public header alone.
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "millrace/millrace.h"

extern int failures;
#define CHECK(condition)                                                      \
  do {                                                                        \
    if (!(condition)) {                                                       \
      fprintf(stderr, "%s:%d: failed: %s\n", __FILE__, __LINE__, #condition); \
      ++failures;                                                             \
    }                                                                         \
  } while (0)

// The batches that a test's exporter received; read after shutdown.
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

// Creates a configuration with one exporter, which records in `seen`.
millrace_config* config_with(struct seen* seen);
// Creates a collector; exits the test when that fails.
millrace_collector* create(millrace_config* config);
// Releases the batches that were kept.
void release(struct seen* seen);
// Whether a kept batch of that signal contains those bytes.
int contains(const struct seen* seen, millrace_signal signal, const char* bytes);
millrace_totals totals_of(const millrace_collector* collector);

// items_test.c
void test_spans_by_structure_and_by_builder(void);
void test_logs_by_structure_and_by_builder(void);
void test_metric_points_by_structure_and_by_builder(void);
void test_metric_points_that_are_refused(void);
void test_a_metric_point_of_an_older_caller(void);
