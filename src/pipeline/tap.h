// Told of what a pipeline passes on to its destinations, behind its processors, for the console.
//
// One for each pipeline and worker, used on the worker's loop only. It may share the bytes, must be
// quick, and can't refuse.
#pragma once

#include "pipeline/payload.h"

namespace millrace::pipeline {

class Tap {
 public:
  virtual void take(const Payload& payload) = 0;

 protected:
  ~Tap() = default;
};

}  // namespace millrace::pipeline
