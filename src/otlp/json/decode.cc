// simdjson's on-demand parser first indexes the structure of the whole text (and checks that it is
// UTF-8), then returns one value after the other without building a tree. transcoder.h walks
// the values, and the text must end with the root. After a failure a slow and exact reading
// (syntax.h) finds the place for the message.
#include "otlp/json/decode.h"

#include <algorithm>
#include <bit>
#include <optional>
#include <string>

#include "base/allocation_name.h"
#include "memory/chunk_buffer.h"
#include "otlp/json/output.h"
#include "otlp/json/syntax.h"
#include "otlp/json/transcoder.h"

namespace millrace::otlp::json {
namespace {

using simdjson::ondemand::object;

static_assert(simdjson::SIMDJSON_PADDING <= kChunkPadding);

// Counts messages below the root, as admission does; inside skipped values it counts containers.
constexpr int kDepthMax = wire::kDepthMax;
// The kept parser doubles with larger texts up to this limit; a small budget keeps a small one.
constexpr size_t kSmallestTextBytes = 4096;
constexpr size_t kKeptTextBytes = 1 << 20;
constexpr size_t kBudgetPerKeptText = 512;

bool at_end(simdjson::ondemand::document& document) {
  return document.current_location().error() == simdjson::OUT_OF_BOUNDS;
}

// The parser's memory for a text: for each byte an index entry of four bytes and five thirds of a
// byte for a copy.
size_t parser_bytes(size_t text_size) { return text_size * 17 / 3 + 4096; }

// The error for missing memory. Either other requests hold it now, or the whole budget is less than
// `need`, the minimum for this text; a retry would then never help.
Error no_memory(size_t text_size, size_t need, const Budget& budget) {
  if (need <= budget.limit_of_messages()) {
    return {Code::kUnavailable, "memory budget exhausted while reading JSON"};
  }
  return {Code::kResourceExhausted, "a JSON body of " + std::to_string(text_size) +
                                        " bytes takes at least " + std::to_string(need) +
                                        " bytes of memory to read, the whole budget is " +
                                        std::to_string(budget.limit_of_messages())};
}

Error describe(const Failure& failure, std::string_view text, simdjson::error_code parser_error,
               Pace& pace) {
  const std::string path = failure.path.empty() ? "" : failure.path + ": ";
  if (failure.kind == Failure::Kind::kValue) {
    const auto offset = static_cast<size_t>(failure.at - text.data());
    return {Code::kInvalidArgument,
            locate(text, offset, &pace).to_text() + ": " + path + failure.message};
  }
  if (const std::optional<SyntaxError> found = find_syntax_error(text, &pace)) {
    return {Code::kInvalidArgument, locate(text, found->offset, &pace).to_text() + ": " + path +
                                        "malformed JSON: " + std::string(found->what)};
  }
  // A walk may stop without an error of the parser.
  const std::string_view why = parser_error == simdjson::SUCCESS
                                   ? "unexpected structure"
                                   : std::string_view(simdjson::error_message(parser_error));
  return {Code::kInvalidArgument, path + "malformed JSON: " + std::string(why)};
}

// A parser and the reservation of its memory.
struct ReservedParser {
  simdjson::ondemand::parser parser;
  Reservation memory;

  // Returns false when the budget or the system refuses; the memory is then released.
  bool try_grow(size_t capacity, Budget& budget) {
    const AllocationName name("term json");
    Reservation larger = Reservation::try_make(budget, MemoryTerm::kJson, parser_bytes(capacity));
    if (larger && parser.allocate(capacity) == simdjson::SUCCESS) {
      memory = std::move(larger);
      return true;
    }
    parser = simdjson::ondemand::parser();
    memory = Reservation();
    return false;
  }
};

// Marks a flag as in use during its lifetime; does nothing for null.
class InUse {
 public:
  explicit InUse(bool* mark) : mark_(mark) {
    if (mark_ != nullptr) *mark_ = true;
  }
  ~InUse() {
    if (mark_ != nullptr) *mark_ = false;
  }
  InUse(const InUse&) = delete;
  InUse& operator=(const InUse&) = delete;

 private:
  bool* const mark_;
};

}  // namespace

struct Decoder::State {
  ReservedParser kept;
  bool kept_in_use = false;
  LengthGuesses guesses;
  State() { guesses.fill(1); }
};

Decoder::Decoder() : state_(std::make_unique<State>()) {}
Decoder::~Decoder() = default;

Result<Bytes> Decoder::decode(MessageId root, const Bytes& json, Work& work, size_t max_bytes) {
  ChunkPool& pool = work.pool;
  const std::string_view text = json.text();
  if (trim(text).empty()) return fail(Code::kInvalidArgument, "malformed JSON: empty");
  const size_t room = std::min(max_bytes, text.size() / 2 + 64);
  // The text itself, its parser and the protobuf.
  const size_t need = text.size() + parser_bytes(text.size()) + std::max(room, kPooledChunkBytes);
  std::optional<ReservedParser> own;
  // While a suspended text uses the kept parser, another text creates its own.
  const bool large =
      state_->kept_in_use || text.size() > std::clamp(pool.budget().limit() / kBudgetPerKeptText,
                                                      kSmallestTextBytes, kKeptTextBytes);
  const InUse in_use(large ? nullptr : &state_->kept_in_use);
  ReservedParser& reserved = large ? own.emplace() : state_->kept;
  if (reserved.parser.capacity() < text.size()) {
    const size_t roomy =
        large ? text.size() : std::max(kSmallestTextBytes, std::bit_ceil(text.size()));
    if (!reserved.try_grow(roomy, pool.budget()) &&
        !reserved.try_grow(text.size(), pool.budget())) {
      return fail(no_memory(text.size(), need, pool.budget()));
    }
  }
  ChunkBuffer buffer(work, max_bytes);
  if (buffer.make_room(room) == ChunkBuffer::Room::kMemory) {
    return fail(no_memory(text.size(), need, pool.budget()));
  }
  LengthGuesses guesses = state_->guesses;
  Output out(buffer, guesses, work.pace);
  Transcoder transcoder(out, work.pace);
  simdjson::ondemand::document document;
  object fields;
  simdjson::error_code error =
      reserved.parser
          .iterate(simdjson::padded_string_view(text.data(), text.size(),
                                                text.size() + simdjson::SIMDJSON_PADDING))
          .get(document);
  bool fine = error == simdjson::SUCCESS || transcoder.syntax_failure();
  if (fine) {
    error = document.get_object().get(fields);
    if (error == simdjson::INCORRECT_TYPE && !find_syntax_error(text, &work.pace)) {
      return fail(Code::kInvalidArgument, "line 1, column 1: expected a JSON object");
    }
    fine = error == simdjson::SUCCESS || transcoder.syntax_failure();
  }
  fine = fine && transcoder.message_body(message(root), fields, kDepthMax) &&
         (at_end(document) || transcoder.syntax_failure());
  if (!fine && transcoder.failure().kind == Failure::Kind::kRoom) {
    if (out.room_failure() == ChunkBuffer::Room::kLimit) {
      return fail(Code::kResourceExhausted,
                  "JSON body is more than the limit of " + std::to_string(max_bytes) + " bytes");
    }
    // Growing needs the old chunk and a larger one at once.
    return fail(no_memory(text.size(), need + buffer.used(), pool.budget()));
  }
  if (!fine) return fail(describe(transcoder.failure(), text, error, work.pace));
  out.sync();
  state_->guesses = guesses;
  return buffer.finish();
}

}  // namespace millrace::otlp::json
