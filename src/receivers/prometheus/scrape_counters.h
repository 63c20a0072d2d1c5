// What becomes of scrapes, counted: by result and reason, and what was left out of them. One for
// each receiver and worker; adding is a relaxed add.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/result.h"
#include "metrics/registry.h"

namespace millrace::receivers::prometheus {

// Why a scrape failed, in one word: "timeout", "connection", "status", "too_large", "memory",
// "limit", "bad_data", "credentials".
std::string_view failure_word(const Error& error, bool has_response);

class ScrapeCounters {
 public:
  ScrapeCounters(metrics::Registry& metrics, std::string receiver);
  // `failure`: empty for a success.
  void count(std::string_view failure);
  void add_left_out(size_t points) { left_out_.add(points); }
  // A scrape whose series could not be remembered.
  void add_forgotten() { forgotten_.add(1); }
  // A scrape that was due while the one before was still being read.
  void add_skipped() { skipped_.add(1); }

 private:
  metrics::Registry& metrics_;
  const std::string receiver_;
  metrics::Counter& left_out_;
  metrics::Counter& forgotten_;
  metrics::Counter& skipped_;
  std::map<std::string, metrics::Counter*, std::less<>> scrapes_;  // by failure, of a few words
};

}  // namespace millrace::receivers::prometheus
