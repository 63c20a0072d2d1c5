#include "processors/groupbyattrs/groupbyattrs_processor.h"

#include <utility>

#include "processors/groupbyattrs/grouping.h"

namespace millrace::processors::groupbyattrs {

namespace {

class GroupByAttrsProcessor final : public pipeline::Processor {
 public:
  explicit GroupByAttrsProcessor(const Options& options) : options_(options) {}

  Result<pipeline::ProcessorResult> process(pipeline::Payload& payload, Work& work) override {
    Result<Rope> grouped = group(options_, payload.signal, payload.bytes, work);
    if (!grouped) return fail(std::move(grouped.error()));
    payload.bytes = std::move(*grouped);
    return pipeline::ProcessorResult{};
  }

 private:
  const Options options_;
};

}  // namespace

std::unique_ptr<pipeline::Processor> make_groupbyattrs_processor(const Options& options) {
  return std::make_unique<GroupByAttrsProcessor>(options);
}

}  // namespace millrace::processors::groupbyattrs
