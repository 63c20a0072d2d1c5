// Runs a request with integer points through a processor, for tests.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "memory/work.h"
#include "otlp/admit.h"
#include "otlp/json/testing/json_request.h"
#include "pipeline/processor.h"

namespace millrace::testing {

struct RunPoints {
  std::vector<int64_t> values;
  uint32_t filtered = 0;
  std::string json;
};

inline RunPoints run_points(pipeline::Processor& processor, const std::string& json, Work& work) {
  pipeline::Payload payload;
  payload.signal = Signal::kMetrics;
  payload.bytes = Rope(request_of_json(Signal::kMetrics, json));
  payload.item_count = otlp::admit(Signal::kMetrics, payload.bytes.to_bytes().view())->item_count;
  const auto result = processor.process(payload, work);
  if (!result) {
    ADD_FAILURE() << result.error().message;
    return {};
  }
  RunPoints done{.values = {},
                 .filtered = result->filtered_count,
                 .json = json_of_request(Signal::kMetrics, payload.bytes)};
  constexpr std::string_view kValue = R"("asInt":")";
  for (size_t at = 0; (at = done.json.find(kValue, at)) != std::string::npos;) {
    at += kValue.size();
    done.values.push_back(std::stoll(done.json.substr(at)));
  }
  EXPECT_EQ(done.values.size(), payload.item_count);
  return done;
}

}  // namespace millrace::testing
