// One place in flight of a destination on one worker. For the rooms of DestinationWorker alone.
#pragma once

#include <deque>
#include <memory>

#include "destination/breaker.h"
#include "destination/destination_worker.h"

namespace millrace::pipeline {

// The batch under way, and what was cut from it and goes next, in order.
struct DestinationWorker::Slot {
  std::unique_ptr<Flight> flight;
  std::deque<std::unique_ptr<Flight>> rest;
  std::unique_ptr<io::Timer> retry_timer;
  bool is_attempting = false;
  // What the breaker said when the batch asked last; kWait: it waits for the breaker.
  Breaker::Pass pass = Breaker::Pass::kSend;
};

}  // namespace millrace::pipeline
