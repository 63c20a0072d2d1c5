#include "destination/destination.h"

#include <algorithm>
#include <utility>

#include "destination/destination_worker.h"

namespace millrace::pipeline {

Destination::Destination(DestinationOptions options)
    : options_(std::move(options)),
      losses_(options_.name, signal_name(options_.signal)),
      queue_(options_.name, options_.queue,
             [this] {
               for (DestinationWorker* worker : workers_) worker->wake_for_room();
             }),
      window_(options_.concurrency,
              [this] {
                for (DestinationWorker* worker : workers_) worker->wake_for_permit();
              }),
      breaker_(options_.retry.breaker_failures) {}

void Destination::remove_worker(DestinationWorker& worker) { std::erase(workers_, &worker); }

void Destination::wake_for_breaker() {
  for (DestinationWorker* worker : workers_) worker->wake_for_breaker();
}

MonotonicTime Destination::oldest() const {
  MonotonicTime oldest = queue_.oldest();
  for (const DestinationWorker* worker : workers_) oldest = std::min(oldest, worker->oldest());
  return oldest;
}

DestinationNumbers Destination::numbers() const {
  return {.queue_size = queue_.used_cost(),
          .queue_capacity = options_.queue.capacity,
          .in_flight = window_.attempts(),
          .concurrency_limit = window_.limit(),
          .sent_items = counters_.sent_items(),
          .failed_items = counters_.failed_items(),
          .enqueue_failed_items = counters_.enqueue_failed_items(),
          .retries = counters_.retries(),
          .breaker_open = breaker_.is_open(),
          .breaker_opened = breaker_.opened_count()};
}

}  // namespace millrace::pipeline
