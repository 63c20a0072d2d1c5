#include "receivers/kafka/kafka.h"

#include <memory>
#include <string>
#include <utility>

#include "receivers/kafka/receiver.h"

namespace millrace::receivers::kafka {
namespace {

class Factory final : public reception::ReceiverFactory {
 public:
  Factory(std::shared_ptr<const Options> options,
          std::shared_ptr<const millrace::kafka::Library> library)
      : options_(std::move(options)), library_(std::move(library)) {}
  Result<std::unique_ptr<reception::Receiver>> make(reception::ReceiverParts parts) const override {
    auto made = KafkaReceiver::make(std::move(parts), options_, library_);
    if (!made) return fail(made.error());
    return std::unique_ptr<reception::Receiver>(*std::move(made));
  }

 private:
  const std::shared_ptr<const Options> options_;                   // shared by all workers
  const std::shared_ptr<const millrace::kafka::Library> library_;  // the same
};

}  // namespace

reception::ReceiverReading read(config::Section& section) {
  auto options = std::make_shared<Options>();
  read_options(section, *options);
  reception::ReceiverReading reading;
  reading.dead_letter = options->dead_letter;
  if (section.has_errors()) return reading;
  auto library = millrace::kafka::load_library();
  if (!library) {
    section.error(library.error().message);
    return reading;
  }
  millrace::kafka::warn_of_version(section, options->client, (*library)->version());
  reading.factory = std::make_shared<Factory>(std::move(options), *std::move(library));
  return reading;
}

}  // namespace millrace::receivers::kafka
