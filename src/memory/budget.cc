#include "memory/budget.h"

namespace millrace {

Budget::~Budget() {
  size_t sum = 0;
  for (const std::atomic<size_t>& term : terms_) sum += term.load(std::memory_order_relaxed);
  MILLRACE_CHECK(sum == used());
}

std::string_view memory_term_name(MemoryTerm term) {
  switch (term) {
    case MemoryTerm::kMessages:
      return "messages";
    case MemoryTerm::kIdleChunks:
      return "idle_chunks";
    case MemoryTerm::kConnections:
      return "connections";
    case MemoryTerm::kNewConnections:
      return "new_connections";
    case MemoryTerm::kSendAhead:
      return "send_ahead";
    case MemoryTerm::kAnswers:
      return "answers";
    case MemoryTerm::kResponses:
      return "responses";
    case MemoryTerm::kJson:
      return "json";
    case MemoryTerm::kWork:
      return "work";
    case MemoryTerm::kEncoded:
      return "encoded";
    case MemoryTerm::kReadBack:
      return "read_back";
    case MemoryTerm::kQueues:
      return "queues";
    case MemoryTerm::kKeyedState:
      return "keyed_state";
    case MemoryTerm::kRecent:
      return "recent";
  }
  return "other";
}

}  // namespace millrace
