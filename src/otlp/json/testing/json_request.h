// Requests for tests, written as OTLP/JSON.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "memory/testing/test_work.h"
#include "otlp/json/decode.h"
#include "otlp/json/encode.h"

namespace millrace::testing {

// The request's bytes; a mistake in the text fails the test. They may outlive every budget.
inline Bytes request_of_json(Signal signal, std::string_view json) {
  TestWork own;
  otlp::json::Decoder decoder;
  const auto decoded =
      decoder.decode_request(signal, Bytes::copy_of(json), own.work, size_t{1} << 26);
  if (!decoded) {
    ADD_FAILURE() << decoded.error().message << "\n" << json;
    return {};
  }
  return Bytes::copy_of(decoded->view());
}

inline std::string json_of_request(Signal signal, const Rope& request) {
  std::string json;
  const Bytes bytes = request.to_bytes();
  const auto encoded = otlp::json::encode_request(signal, bytes.view(), &json);
  if (!encoded) ADD_FAILURE() << encoded.error().message;
  return json;
}

}  // namespace millrace::testing
