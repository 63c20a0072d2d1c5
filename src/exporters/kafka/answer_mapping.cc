#include "exporters/kafka/answer_mapping.h"

#include <utility>

namespace millrace::exporters::kafka {

using pipeline::Outcome;

Outcome outcome_of(rd_kafka_resp_err_t error, std::string text) {
  const auto ended = [&](Outcome::Kind kind, Code code) {
    return Outcome{.kind = kind, .error = {code, std::move(text)}};
  };
  switch (error) {
    case RD_KAFKA_RESP_ERR_NO_ERROR:
      return {};
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE:
      return ended(Outcome::Kind::kTooLarge, Code::kResourceExhausted);
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
      return ended(Outcome::Kind::kRefused, Code::kPermissionDenied);
    case RD_KAFKA_RESP_ERR__INVALID_ARG:     // the library itself: not a name for a topic
    case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:  // not a name for a topic
    case RD_KAFKA_RESP_ERR_INVALID_REQUIRED_ACKS:
    case RD_KAFKA_RESP_ERR_UNSUPPORTED_FOR_MESSAGE_FORMAT:
    case RD_KAFKA_RESP_ERR_UNSUPPORTED_COMPRESSION_TYPE:
    case RD_KAFKA_RESP_ERR_INVALID_RECORD:
    case RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP:
    case RD_KAFKA_RESP_ERR_POLICY_VIOLATION:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
      return ended(Outcome::Kind::kRefused, Code::kInvalidArgument);
    case RD_KAFKA_RESP_ERR__PURGE_QUEUE:
    case RD_KAFKA_RESP_ERR__PURGE_INFLIGHT:
    case RD_KAFKA_RESP_ERR__DESTROY:
      return ended(Outcome::Kind::kRetry, Code::kUnavailable);
    case RD_KAFKA_RESP_ERR__MSG_TIMED_OUT:
    case RD_KAFKA_RESP_ERR__TIMED_OUT:
    case RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT:
      return ended(Outcome::Kind::kRetry, Code::kDeadlineExceeded);
    default:
      return ended(Outcome::Kind::kRetry, Code::kUnavailable);
  }
}

}  // namespace millrace::exporters::kafka
