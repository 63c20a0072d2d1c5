// Admission accepts what libprotobuf accepts, counts the same items, and its walks agree: the fast
// one for each instruction set that this processor has, with and without pauses, and the slow one.
#include <cstdio>
#include <cstdlib>

#include "otlp/admit.h"
#include "otlp/otlp_reference.h"
#include "otlp/walks.h"

namespace {

using namespace millrace;

[[noreturn]] void fail_with(const char* what, const otlp::Violation* violation) {
  std::fprintf(stderr, "%s%s%s\n", what, violation != nullptr ? ": " : "",
               violation != nullptr ? violation->to_error().message.c_str() : "");
  std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  otlp::reference::be_silent();
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto [signal, choice, message] = otlp::reference::read_input({data, size});
  const auto admitted = otlp::admit(signal, message.view());
  const auto violation = otlp::find_violation(signal, message.view());
  if (admitted.has_value() == violation.has_value()) {
    fail_with("the walks disagree", violation ? &*violation : nullptr);
  }
  const auto count = admitted ? std::optional(admitted->item_count) : std::nullopt;
  for (const otlp::NamedWalk& each : otlp::usable_walks()) {
    Pace pace;
    if (each.walk(signal, message.view(), wire::kDepthMax, nullptr) != count ||
        each.walk(signal, message.view(), wire::kDepthMax, &pace) != count) {
      fail_with(each.name, nullptr);
    }
  }
  std::vector<std::string> lines;
  const bool is_parsed = otlp::reference::flatten(signal, message.view(), &lines);
  if (admitted) {
    if (!is_parsed) fail_with("admitted, but libprotobuf refuses", nullptr);
    if (admitted->item_count != lines.size()) fail_with("counts differ", nullptr);
    return 0;
  }
  // Admission deliberately refuses more than libprotobuf.
  const otlp::Violation::Reason reason = admitted.error().reason;
  const bool is_own_rule =
      reason == otlp::Violation::Reason::kIdLength || reason == otlp::Violation::Reason::kTagSize;
  if (is_parsed && !is_own_rule) fail_with("refused, but libprotobuf parses", &*violation);
  return 0;
}
