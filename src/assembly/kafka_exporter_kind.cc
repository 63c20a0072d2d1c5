#include "assembly/kafka_exporter_kind.h"

#include <map>
#include <utility>

#include "exporters/kafka/kafka_exporter.h"
#include "memory/chunk_pool.h"

namespace millrace::assembly {
namespace {

namespace kafka = exporters::kafka;
// A message is contiguous, so joined requests are copied. Large ones gain nothing by it: they are
// messages of their own, whose bytes are not copied. What is joined fits into a pooled chunk, here
// and where it is read.
constexpr size_t kJoinedBytesMax = kPooledChunkBytes;

using Library = std::shared_ptr<const millrace::kafka::Library>;

class KafkaFactory final : public ExporterFactory {
 public:
  KafkaFactory(std::shared_ptr<const kafka::KafkaOptions> options, Library library)
      : options_(std::move(options)), library_(std::move(library)) {}

  Result<std::unique_ptr<pipeline::Exporter>> make(const ExporterParts& parts, Signal) override {
    std::shared_ptr<kafka::Producer> producer = producers_[parts.worker].lock();
    if (producer == nullptr) {
      auto made = kafka::Producer::make({.options = options_,
                                         .library = library_,
                                         .name = parts.name,
                                         .loop = parts.loop,
                                         .log = parts.log,
                                         .metrics = &parts.metrics});
      if (!made) return fail(made.error());
      producer = *std::move(made);
      producers_[parts.worker] = producer;
    }
    return kafka::make_kafka_exporter(options_, std::move(producer), parts.loop, parts.long_work);
  }

 private:
  const std::shared_ptr<const kafka::KafkaOptions> options_;  // shared by the workers' exporters
  const Library library_;                                     // as options_
  // By worker: its exporters of all signals share one, which ends with the last of them.
  std::map<size_t, std::weak_ptr<kafka::Producer>> producers_;
};

}  // namespace

ExporterReading read_kafka(config::Section& section) {
  auto options = std::make_shared<kafka::KafkaOptions>();
  kafka::read_options(section, *options);
  ExporterReading reading{.helper = options->helper,
                          .joined_bytes_max = kJoinedBytesMax,
                          .metadata_keys = options->metadata_keys()};
  if (section.has_errors()) return reading;
  auto library = millrace::kafka::load_library();
  if (!library) {
    section.error(library.error().message);
    return reading;
  }
  millrace::kafka::warn_of_version(section, options->client, (*library)->version());
  reading.factory = std::make_shared<KafkaFactory>(std::move(options), *std::move(library));
  return reading;
}

}  // namespace millrace::assembly
