// The kafka exporter: a batch becomes one message, or several, and is delivered when the brokers
// have acknowledged each as `required_acks` asks.
#pragma once

#include <memory>

#include "exporters/kafka/options.h"
#include "exporters/kafka/producer.h"
#include "io/long_work.h"
#include "io/loop.h"
#include "pipeline/exporter.h"

namespace millrace::exporters::kafka {

// One for each signal on each worker; those of one worker share `producer`, which ends with the
// last of them. `loop` and `long_work` outlive it, and `long_work` is finished first.
std::unique_ptr<pipeline::Exporter> make_kafka_exporter(std::shared_ptr<const KafkaOptions> options,
                                                        std::shared_ptr<Producer> producer,
                                                        io::Loop& loop, io::LongWork& long_work);

}  // namespace millrace::exporters::kafka
