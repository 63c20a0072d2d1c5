// An ExporterFactory of functions, for the catalogues of exporters and connectors.
#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "assembly/factories.h"

namespace millrace::assembly {

// An exporter that is made by one function, with the labels of its metrics.
class FunctionFactory final : public ExporterFactory {
 public:
  using Make =
      std::function<Result<std::unique_ptr<pipeline::Exporter>>(const ExporterParts&, Signal)>;
  using LabelsOf = std::function<metrics::Labels(Signal)>;
  using Counters = std::shared_ptr<const exporters::ResponseCounters>;
  using PageOf = std::function<transport::PageHandler(const ExporterParts&)>;
  explicit FunctionFactory(Make make, LabelsOf labels_of = {}, Counters counters = nullptr,
                           PageOf page_of = {})
      : make_(std::move(make)),
        labels_of_(std::move(labels_of)),
        counters_(std::move(counters)),
        page_of_(std::move(page_of)) {}
  Result<std::unique_ptr<pipeline::Exporter>> make(const ExporterParts& parts,
                                                   Signal signal) override {
    return make_(parts, signal);
  }
  metrics::Labels labels(Signal signal) const override {
    return labels_of_ ? labels_of_(signal) : metrics::Labels{};
  }
  Counters response_counters() const override { return counters_; }
  transport::PageHandler page_handler(const ExporterParts& parts) override {
    return page_of_ ? page_of_(parts) : transport::PageHandler();
  }

 private:
  Make make_;
  LabelsOf labels_of_;
  Counters counters_;
  PageOf page_of_;
};

}  // namespace millrace::assembly
