// A processor with otelcol's two counters around it: items that went in, items that came out.
#pragma once

#include <memory>
#include <utility>

#include "metrics/registry.h"
#include "pipeline/processor.h"

namespace millrace::assembly {

class CountingProcessor final : public pipeline::Processor {
 public:
  CountingProcessor(std::unique_ptr<pipeline::Processor> inner, metrics::Counter& incoming,
                    metrics::Counter& outgoing)
      : inner_(std::move(inner)), incoming_(incoming), outgoing_(outgoing) {}

  Result<pipeline::ProcessorResult> process(pipeline::Payload& payload, Work& work) override {
    incoming_.add(payload.item_count);
    auto result = inner_->process(payload, work);
    if (result) outgoing_.add(payload.item_count);
    return result;
  }
  uint64_t held_count() const override { return inner_->held_count(); }
  void flush() override { inner_->flush(); }

 private:
  std::unique_ptr<pipeline::Processor> inner_;
  metrics::Counter& incoming_;
  metrics::Counter& outgoing_;
};

}  // namespace millrace::assembly
