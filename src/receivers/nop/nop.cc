#include "receivers/nop/nop.h"

#include <memory>

namespace millrace::receivers::nop {
namespace {

class Factory final : public reception::ReceiverFactory {
 public:
  Result<std::unique_ptr<reception::Receiver>> make(reception::ReceiverParts) const override {
    return std::make_unique<reception::Receiver>();
  }
};

}  // namespace

reception::ReceiverReading read(config::Section&) {
  return {.factory = std::make_shared<Factory>(), .listeners = {}};
}

}  // namespace millrace::receivers::nop
