// What tests share that compare with results of otelcol-contrib: a form in which two requests are
// equal when they mean the same, and the files of cases.
#pragma once

#include <simdjson.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/signal.h"

namespace millrace::golden {

// `kAny`: lists of messages are sorted, and the times of the run (kRunUnixNano here, 0 in the
// files) are left out.
enum class Order : uint8_t { kAsWritten, kAny };
inline constexpr int64_t kRunUnixNano = 1'700'000'000'000'000'000;

// Decoded and encoded again, so that fields with default values look the same.
std::string canonical_request(Signal signal, std::string_view json,
                              Order order = Order::kAsWritten);

// What a case gives, in one form: "refused", "failed" or the requests.
std::string expected(Signal output, const simdjson::dom::element& one,
                     Order order = Order::kAsWritten);
// Texts of errors are this program's own.
bool is_equal(const std::string& here, const std::string& there);

Signal signal_named(std::string_view name);
// The names of the files of cases in a folder, without their ends.
std::vector<std::string> files(const std::string& folder);

}  // namespace millrace::golden
