#include "receivers/prometheus/scrape_counters.h"

#include <utility>

namespace millrace::receivers::prometheus {

std::string_view failure_word(const Error& error, bool has_response) {
  switch (error.code) {
    case Code::kDeadlineExceeded:
      return "timeout";
    case Code::kUnauthenticated:
      return "credentials";
    case Code::kFailedPrecondition:
      return "status";
    case Code::kResourceExhausted:
      return has_response ? "limit" : "too_large";
    case Code::kInvalidArgument:
      return "bad_data";
    case Code::kUnavailable:
      if (error.message.starts_with("memory")) return "memory";
      break;
    default:
      break;
  }
  return has_response ? "bad_data" : "connection";
}

ScrapeCounters::ScrapeCounters(metrics::Registry& metrics, std::string receiver)
    : metrics_(metrics),
      receiver_(std::move(receiver)),
      left_out_(metrics.counter("millrace_prometheus_left_out_points",
                                "Points of scrapes that OTLP has no form for, or that were not "
                                "whole.",
                                {{"receiver", receiver_}})),
      forgotten_(metrics.counter("millrace_prometheus_untracked_scrapes",
                                 "Scrapes whose series were not remembered for want of memory, so "
                                 "that no markers follow when they end.",
                                 {{"receiver", receiver_}})),
      skipped_(metrics.counter("millrace_prometheus_skipped_scrapes",
                               "Scrapes that were due while the one before was still being read.",
                               {{"receiver", receiver_}})) {}

void ScrapeCounters::count(std::string_view failure) {
  auto found = scrapes_.find(failure);
  if (found == scrapes_.end()) {
    metrics::Counter& counter =
        metrics_.counter("millrace_prometheus_scrapes",
                         "Scrapes of targets by how they failed; empty: they did not.",
                         {{"receiver", receiver_}, {"failure", std::string(failure)}});
    found = scrapes_.emplace(failure, &counter).first;
  }
  found->second->add(1);
}

}  // namespace millrace::receivers::prometheus
