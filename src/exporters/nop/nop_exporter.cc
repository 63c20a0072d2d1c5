#include "exporters/nop/nop_exporter.h"

#include <utility>

#include "pipeline/answers.h"

namespace millrace::exporters {
namespace {

using pipeline::Outcome;

class NopExporter final : public pipeline::Exporter {
 public:
  explicit NopExporter(io::Loop& loop) : answers_(loop) {}
  void send_batch(pipeline::Batch, MonotonicTime, Done done) override {
    answers_.add(std::move(done),
                 {.kind = closed_ ? Outcome::Kind::kCancelled : Outcome::Kind::kDelivered});
  }
  void close() override {
    closed_ = true;
    answers_.flush();
  }
  std::string describe() const override { return "discards everything"; }

 private:
  pipeline::Answers answers_;
  bool closed_ = false;
};

}  // namespace

void read_options(config::Section&, NopOptions*) {}

std::unique_ptr<pipeline::Exporter> make_nop_exporter(const NopOptions&, io::Loop& loop) {
  return std::make_unique<NopExporter>(loop);
}

}  // namespace millrace::exporters
