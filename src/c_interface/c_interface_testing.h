// What the C tests have in common. They are C99 and see nothing but the public header.
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

// A configuration with one exporter, which fills in `seen`.
millrace_config* config_with(struct seen* seen);
// Exits when it cannot be created.
millrace_collector* create(millrace_config* config);
// Lets go of what was kept.
void release(struct seen* seen);
// Whether some kept batch of that signal has those bytes.
int contains(const struct seen* seen, millrace_signal signal, const char* bytes);
millrace_totals totals_of(const millrace_collector* collector);

// items_test.c
void test_spans_by_structure_and_by_builder(void);
void test_logs_by_structure_and_by_builder(void);
void test_metric_points_by_structure_and_by_builder(void);
void test_metric_points_that_are_refused(void);
void test_a_metric_point_of_an_older_caller(void);
