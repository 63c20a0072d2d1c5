#include "processors/resourcedetection/resource_detection.h"

#include <utility>

#include "otlp/attribute_list.h"
#include "otlp/edit.h"

namespace millrace::processors::resourcedetection {
namespace {

class ResourceDetectionProcessor final : public pipeline::Processor {
 public:
  ResourceDetectionProcessor(bool overrides, std::shared_ptr<const Published> published,
                             std::unique_ptr<Detection> detection)
      : overrides_(overrides), published_(std::move(published)), detection_(std::move(detection)) {}

  Result<pipeline::ProcessorResult> process(pipeline::Payload& payload, Work& work) override {
    if (const uint64_t version = published_->version(); version != version_) {
      version_ = version;
      resource_ = published_->resource();
    }
    if (resource_ == nullptr) {
      return fail(Code::kUnavailable, "the resource of this machine is still being detected");
    }
    if (resource_->empty()) return pipeline::ProcessorResult{};
    // Its own reference: the edit may be suspended while another request takes a new one.
    const std::shared_ptr<const Resource> resource = resource_;
    const auto edit = [&](const otlp::EditContext&, otlp::AttributeList& list) {
      for (const Attribute& each : resource->attributes) {
        if (overrides_ || !list.contains(each.key)) list.set(each.key, each.any_value);
      }
    };
    auto edited =
        otlp::edit_resources(payload.signal, payload.bytes, edit, resource->schema_url, work);
    if (!edited) return fail(std::move(edited.error()));
    payload.bytes = std::move(*edited);
    return pipeline::ProcessorResult{};
  }

 private:
  const bool overrides_;
  const std::shared_ptr<const Published> published_;
  const std::unique_ptr<Detection> detection_;  // of the first instance; null in the others
  uint64_t version_ = 0;
  std::shared_ptr<const Resource> resource_;
};

}  // namespace

std::unique_ptr<Detection> SharedDetection::start_once(const DetectionParts& parts) {
  if (std::exchange(is_started_, true)) return nullptr;
  return std::make_unique<Detection>(parts, options_, published_);
}

std::unique_ptr<pipeline::Processor> make_resource_detection_processor(
    SharedDetection& shared, const DetectionParts& parts) {
  return std::make_unique<ResourceDetectionProcessor>(shared.options().override, shared.published(),
                                                      shared.start_once(parts));
}

}  // namespace millrace::processors::resourcedetection
