// The nested messages of a request while it is edited, outermost first. A message is opened in the
// output at the first change inside it, together with the messages around it; the bytes between two
// changes are kept as one stretch. Unchanged messages therefore cost only the reading of their
// fields, and a request without a change keeps its bytes.
//
// A child is a nested message that is visited by itself: a span in its ScopeSpans. The other fields
// are the message's own.
//
// One thread. Levels are objects on the stack of the walk and must outlive the levels inside them.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "base/bytes.h"
#include "base/result.h"
#include "memory/work.h"
#include "otlp/rope_reader.h"
#include "otlp/rope_writer.h"
#include "otlp/views.h"

namespace millrace::otlp {

// A bit for each field number below 32.
using FieldSet = uint32_t;
constexpr FieldSet field_bit(uint32_t number) { return number < 32 ? FieldSet{1} << number : 0; }

// In which order a changed message is written.
enum class LevelOrder : uint8_t {
  kAsReceived,
  // Own fields behind the children, so that a change of them may become known while the children
  // are visited. The order of different fields has no meaning in protobuf.
  kChildrenFirst,
};

struct Level {
  Level* around = nullptr;  // the enclosing message; null: the request
  uint32_t field_number = 0;
  std::span<const uint8_t> whole;  // tag, length and content, if contiguous in `around`
  Bytes content;
  FieldSet children = 0;
  FieldSet scalars = 0;  // own numbers that are removed as children are (remove_child)
  LevelOrder order = LevelOrder::kAsReceived;

  // Of LevelWriter.
  const uint8_t* kept = nullptr;  // the end of the content that is in the output once it is open
  bool is_open = false;
  bool has_kept_child = false;
  bool drops_children = false;  // all children in front of the current one were removed
  RopeWriter::Nested nested = {};
};

class LevelWriter {
 public:
  // `what` is a literal for errors, such as "editing".
  LevelWriter(const Rope& request, Work& work, std::string_view what);

  // Reads the next ResourceX, in one piece. False at the end, and when stopped().
  bool next_resource_x(Level* level);
  Level inside(Level& around, const wire::Field& field) const;

  // Begins the change of a message: it and those around it are in the output up to the current
  // position.
  void open(Level& level);
  // Leaves out a field that is written anew. Opens the level.
  void drop(Level& level, std::span<const uint8_t> whole) {
    if (level.kept == whole.data() && level.is_open && !level.drops_children) {
      level.kept += whole.size();
    } else {
      drop_behind_kept(level, whole);
    }
  }
  // Opens the level and keeps it to its end, so that a new field stands behind the others.
  void keep_rest(Level& level);
  // Ends a message that stays. `replaced`: with LevelOrder::kChildrenFirst, the own fields that
  // were written anew.
  void close(Level& level, FieldSet replaced = 0);

  // Only in walks that remove messages: what became of each child, in order, also when it was not
  // changed. A level whose children are all removed is not opened, so that it can be removed too.
  void keep_child(Level& level, std::span<const uint8_t> whole);
  void remove_child(Level& level, std::span<const uint8_t> whole);
  void remove_resource_x();

  // The content of a singular message field; several parts are copied together. Empty when absent,
  // and when there is no memory for the copy (stopped() then).
  Bytes merged(const Bytes& message, uint32_t field_number);

  RopeWriter& out() { return out_; }
  bool stopped() const { return out_.failed() || failure_.has_value(); }
  // For a walk that must end with an error of its own: finish() then returns it.
  void stop(Error failure) { failure_ = std::move(failure); }
  Result<Rope> finish();

 private:
  void drop_behind_kept(Level& level, std::span<const uint8_t> whole);
  void keep_request_until(size_t end);
  void keep_until(Level& level, const uint8_t* until);
  template <class IsWanted>
  void keep_fields_until(Level& level, const uint8_t* until, const IsWanted& is_wanted);

  const Rope& request_;
  Work& work_;
  RopeWriter out_;
  RopeReader reader_;
  RopeReader kept_;         // its position is the end of the request's bytes in the output
  size_t field_begin_ = 0;  // the position of the current ResourceX in the request
  size_t field_end_ = 0;
  bool is_changed_ = false;
  std::optional<Error> failure_;
};

}  // namespace millrace::otlp
