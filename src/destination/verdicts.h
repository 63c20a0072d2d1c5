// The verdicts of a destination named `name` for requests that it does not deliver. Those with
// retry_after ask the sender to send again. Pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "pipeline/verdict.h"

namespace millrace::pipeline {

// --- Not admitted ---
Verdict full_queue_verdict(const std::string& name, Duration retry_after);
Verdict above_capacity_verdict(const std::string& name, uint64_t capacity);

// --- Dropped from the queue ---
Verdict dropped_oldest_verdict(const std::string& name);
Verdict age_limit_verdict(const std::string& name);

// --- After an attempt; `error` and `last_answer` are the back end's ---
Verdict refused_verdict(const std::string& name, const Error& error);
Verdict too_large_verdict(const std::string& name, const Error& error);
Verdict bad_data_verdict(const std::string& name, const Error& error);
Verdict not_retried_verdict(const std::string& name, std::string_view last_answer,
                            Duration retry_after);

}  // namespace millrace::pipeline
