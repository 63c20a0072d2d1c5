// Any bytes are a google.rpc.Status or none; what was understood is written and read as the same.
#include "base/bytes.h"
#include "base/check.h"
#include "transport/rpc_status.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace millrace;
  const auto status = transport::decode_rpc_status({data, size});
  if (!status) return 0;
  MILLRACE_CHECK(!status->retry_delay || *status->retry_delay >= Duration::zero());
  MILLRACE_CHECK(!transport::encode_rpc_status_json(*status).empty());
  const std::string bytes = transport::encode_rpc_status(*status);
  const auto again = transport::decode_rpc_status(as_span(bytes));
  MILLRACE_CHECK(again.has_value());
  MILLRACE_CHECK(again->code == status->code && again->message == status->message);
  MILLRACE_CHECK(again->retry_delay == status->retry_delay);
  MILLRACE_CHECK(again->bad_field == status->bad_field);
  return 0;
}
