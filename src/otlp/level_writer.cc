#include "otlp/level_writer.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "otlp/edit.h"
#include "wire/field_search.h"

namespace millrace::otlp {

namespace {

using wire::WireType;

// The cost of reading a field, in units of the pace.
constexpr size_t kLevelFieldUnits = 8;

bool is_child(const Level& level, const wire::Field& field) {
  const FieldSet removable = field.type == WireType::kLen ? level.children : level.scalars;
  return (field_bit(field.number) & removable) != 0;
}

}  // namespace

LevelWriter::LevelWriter(const Rope& request, Work& work, std::string_view what)
    : request_(request),
      work_(work),
      out_(work, std::max(kEditedBytesMax, 2 * request.size()), what),
      reader_(request),
      kept_(request) {}

bool LevelWriter::next_resource_x(Level* level) {
  while (!stopped() && !reader_.done()) {
    work_.pace.step(kLevelFieldUnits);
    field_begin_ = reader_.position();
    const uint32_t tag = reader_.read_tag();
    if (tag != wire::make_tag(1, WireType::kLen)) {
      reader_.skip_value(tag);
      continue;
    }
    const size_t size = reader_.read_varint();
    field_end_ = reader_.position() + size;
    std::optional<Bytes> content = out_.join(reader_.take(size));
    if (!content) {
      stop(no_memory("editing", size, work_.pool.budget()));
      return false;
    }
    *level = Level{.field_number = 1, .whole = {}, .content = std::move(*content)};
    level->kept = level->content.data();
    return true;
  }
  return false;
}

Level LevelWriter::inside(Level& around, const wire::Field& field) const {
  Level level{.around = &around,
              .field_number = field.number,
              .whole = field.whole,
              .content = Bytes(around.content.chunk(), field.bytes.data(), field.bytes.size())};
  level.kept = level.content.data();
  return level;
}

// Keeps the rest of the request up to `end`.
void LevelWriter::keep_request_until(size_t end) {
  const Rope stretch = kept_.take(end - kept_.position());
  for (const Bytes& piece : stretch.pieces()) out_.keep(piece, piece.view());
}

void LevelWriter::keep_until(Level& level, const uint8_t* until) {
  if (level.drops_children) {
    level.drops_children = false;
    keep_fields_until(level, until,
                      [&](const wire::Field& field) { return !is_child(level, field); });
  } else if (level.order == LevelOrder::kChildrenFirst) {
    keep_fields_until(level, until,
                      [&](const wire::Field& field) { return is_child(level, field); });
  } else {
    out_.keep(level.content, {level.kept, until});
  }
  level.kept = until;
}

template <class IsWanted>
void LevelWriter::keep_fields_until(Level& level, const uint8_t* until, const IsWanted& is_wanted) {
  const uint8_t* begin = level.kept;
  const uint8_t* end = begin;
  wire::FieldReader fields({level.kept, until});
  for (wire::Field field; fields.next(&field);) {
    work_.pace.step(kLevelFieldUnits);
    if (!is_wanted(field)) continue;
    if (field.whole.data() != end) {
      out_.keep(level.content, {begin, end});
      begin = field.whole.data();
    }
    end = field.whole.data() + field.whole.size();
  }
  out_.keep(level.content, {begin, end});
}

void LevelWriter::open(Level& level) {
  if (level.is_open) return;
  level.is_open = true;
  is_changed_ = true;
  if (level.around == nullptr) {
    keep_request_until(field_begin_);
    kept_.skip(field_end_ - field_begin_);
  } else {
    open(*level.around);
    keep_until(*level.around, level.whole.data());
    level.around->kept += level.whole.size();
  }
  const size_t size = level.content.size();
  level.nested = out_.open(level.field_number, size + size / 8);
}

void LevelWriter::drop_behind_kept(Level& level, std::span<const uint8_t> whole) {
  open(level);
  keep_until(level, whole.data());
  level.kept += whole.size();
}

void LevelWriter::keep_rest(Level& level) {
  open(level);
  keep_until(level, level.content.data() + level.content.size());
}

void LevelWriter::close(Level& level, FieldSet replaced) {
  if (level.drops_children) open(level);
  if (!level.is_open) return;
  const uint8_t* const end = level.content.data() + level.content.size();
  keep_until(level, end);
  if (level.order == LevelOrder::kChildrenFirst) {
    level.kept = level.content.data();
    keep_fields_until(level, end, [&](const wire::Field& field) {
      return !is_child(level, field) && (field_bit(field.number) & replaced) == 0;
    });
  }
  out_.close(level.nested);
}

void LevelWriter::keep_child(Level& level, std::span<const uint8_t> whole) {
  level.has_kept_child = true;
  if (!level.drops_children) return;
  open(level);
  keep_until(level, whole.data());
}

void LevelWriter::remove_child(Level& level, std::span<const uint8_t> whole) {
  if (level.has_kept_child || level.is_open) {
    drop(level, whole);
  } else {
    level.drops_children = true;
  }
}

void LevelWriter::remove_resource_x() {
  is_changed_ = true;
  keep_request_until(field_begin_);
  kept_.skip(field_end_ - field_begin_);
}

Result<Rope> LevelWriter::finish() {
  if (failure_) return fail(std::move(*failure_));
  if (out_.failed()) return out_.finish();
  if (!is_changed_) return request_;
  keep_request_until(request_.size());
  return out_.finish();
}

Bytes LevelWriter::merged(const Bytes& message, uint32_t field_number) {
  Bytes only;
  size_t count = 0;
  size_t size = 0;
  const auto each = [&](const auto& visit) {
    const uint8_t* at = message.data();
    const uint8_t* const end = at + message.size();
    while (at != end) {
      work_.pace.step(kLevelFieldUnits);
      const auto left = static_cast<size_t>(end - at);
      if (const size_t field_size = left < 2 ? 0 : wire::short_field_size(at, left)) {
        const bool is_wanted = at[0] == wire::make_tag(field_number, WireType::kLen);
        if (is_wanted && field_size > 2) visit(MessageBytes(at + 2, field_size - 2));
        at += field_size;
        continue;
      }
      const wire::AnyFormField field = wire::read_any_form(at, end, field_number);
      if (field.end == nullptr) break;
      if (field.content != nullptr && field.content != field.end) {
        visit(MessageBytes(field.content, field.end));
      }
      at = field.end;
    }
  };
  each([&](MessageBytes part) {
    count++;
    size += part.size();
    only = Bytes(message.chunk(), part.data(), part.size());
  });
  if (count <= 1) return only;
  ChunkRef chunk = work_.pool.try_acquire(size);
  if (!chunk) {
    out_.refuse_memory();
    return {};
  }
  uint8_t* at = chunk->data();
  each([&](MessageBytes part) {
    std::memcpy(at, part.data(), part.size());
    at += part.size();
  });
  const uint8_t* const data = chunk->data();
  return Bytes(std::move(chunk), data, size);
}

}  // namespace millrace::otlp
