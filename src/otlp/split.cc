#include "otlp/split.h"

#include <utility>

#include "otlp/item_count.h"
#include "otlp/request_layout.h"
#include "otlp/schema.h"

namespace millrace::otlp {
namespace {

using wire::WireType;

// A tag of one byte and a length of at most five.
constexpr size_t kPrefixBytesMax = 6;

// The cost of reading a field, in units of the pace.
constexpr size_t kFieldUnits = 5;

// Appends `bytes`; joins them with the piece before if the two are adjacent.
void append_run(std::vector<Bytes>* runs, const Bytes& bytes) {
  if (bytes.empty()) return;
  if (!runs->empty()) {
    Bytes& last = runs->back();
    if (last.chunk().get() == bytes.chunk().get() && last.data() + last.size() == bytes.data()) {
      last = Bytes(last.chunk(), last.data(), last.size() + bytes.size());
      return;
    }
  }
  runs->push_back(bytes);
}

}  // namespace

Cutter::Cutter(Signal signal, Rope request, Work* work)
    : signal_(signal), work_(work), request_(std::move(request)), reader_(request_) {}

std::optional<Part> Cutter::next(const CutLimits& limits) {
  if (signal_ == Signal::kProfiles) {
    if (reader_.done()) return std::nullopt;
    Part whole{reader_.take(request_.size()), count_items(signal_, request_), false};
    whole.is_oversized = whole.bytes.size() > limits.bytes_max;
    return whole;
  }
  out_items_ = 0;
  out_size_ = 0;
  out_is_empty_ = true;
  while (place_next(limits)) {
  }
  if (out_is_empty_) return std::nullopt;
  Part part{finish_part(), out_items_, false};
  part.is_oversized = part.bytes.size() > limits.bytes_max;
  return part;
}

// Takes one field, or opens or closes one message. False when the part is complete.
bool Cutter::place_next(const CutLimits& limits) {
  step(kFieldUnits);
  if (!nodes_.empty()) return place_child(limits);
  return !reader_.done() && place_request_field(limits);
}

bool Cutter::place_request_field(const CutLimits& limits) {
  RopeReader ahead = reader_;
  const uint32_t tag = ahead.read_tag();
  const bool is_resource = tag == len_tag(kResourceField);
  uint32_t item_count = 0;
  size_t content_size = 0;
  if (is_resource) {
    content_size = ahead.read_varint();
    item_count = count_items_in_resource(signal_, ahead, ahead.position() + content_size, pace());
  } else {
    ahead.skip_value(tag);
  }
  const size_t size = ahead.position() - reader_.position();
  const bool fitting = fits(limits, item_count, size);
  if (!fitting && item_count > 0) {
    if (out_items_ >= limits.items_max) return false;
    RopeReader inside = reader_;
    inside.skip(size - content_size);
    if (std::optional<Bytes> content = joined(inside.take(content_size))) {
      open_node(Level::kResource, kResourceField, std::move(*content));
      if (read_header(&nodes_.back(), item_count, limits)) {
        reader_ = inside;
        return true;
      }
      nodes_.pop_back();
    }
    // It can't be cut: it becomes a part of its own.
  }
  if (!fitting && !out_is_empty_) return false;
  const Rope whole = reader_.take(size);
  for (const Bytes& piece : whole.pieces()) add(piece, 0);
  out_items_ += item_count;
  return fitting;
}

bool Cutter::place_child(const CutLimits& limits) {
  Node& node = nodes_.back();
  const std::optional<Child> child = peek_child(&node);
  if (!child) {
    close_innermost();
    return true;
  }
  const bool is_item =
      node.level == Level::kData || (node.level == Level::kScope && signal_ != Signal::kMetrics);
  const uint32_t item_count = is_item ? 1 : count_in_child(node.level, *child);
  const bool fitting = fits(limits, item_count, child->whole.size());
  if (!fitting && !is_item && item_count > 0) {
    if (out_items_ >= limits.items_max) return false;
    if (open_child(*child, item_count, limits)) return true;
  }
  if (!fitting && !out_is_empty_) return false;
  nodes_.back().at += child->whole.size();
  add(child->whole, item_count);
  return fitting;
}

// Opens the next child (a scope or metric) of the innermost node; false when it can't be
// cut.
bool Cutter::open_child(const Child& child, uint32_t item_count, const CutLimits& limits) {
  const size_t around = nodes_.size() - 1;
  bool is_open = false;
  if (nodes_.back().level == Level::kResource) {
    open_node(Level::kScope, child.field_number, child.content);
    is_open = read_header(&nodes_.back(), item_count, limits);
    if (!is_open) nodes_.pop_back();
  } else {
    is_open = open_metric(child, item_count, limits);
  }
  if (is_open) nodes_[around].at += child.whole.size();
  return is_open;
}

bool Cutter::is_child(Level level, uint32_t tag) const {
  switch (level) {
    case Level::kResource:
      return tag == len_tag(kScopeField);
    case Level::kScope:
      return tag == len_tag(kItemField);
    case Level::kMetric:
      return wire::wire_type_of(tag) == WireType::kLen &&
             is_metric_data(wire::field_number_of(tag));
    case Level::kData:
      return tag == len_tag(kPointField);
  }
  return false;
}

std::optional<Cutter::Child> Cutter::peek_child(Node* node) {
  wire::FieldReader fields(node->content.view().subspan(node->at));
  for (wire::Field field; fields.next(&field);) {
    step(kFieldUnits);
    const auto offset = static_cast<size_t>(field.whole.data() - node->content.data());
    if (is_child(node->level, wire::make_tag(field.number, field.type))) {
      node->at = offset;
      const size_t prefix = field.whole.size() - field.bytes.size();
      return Child{node->content.slice(offset, field.whole.size()),
                   node->content.slice(offset + prefix, field.bytes.size()), field.number};
    }
  }
  node->at = node->content.size();
  return std::nullopt;
}

uint32_t Cutter::count_in_child(Level level, const Child& child) {
  const Rope content(child.content);
  RopeReader reader(content);
  return level == Level::kResource ? count_items_in_scope(signal_, reader, content.size(), pace())
                                   : count_points_in_metric(reader, content.size(), pace());
}

bool Cutter::fits(const CutLimits& limits, uint32_t item_count, size_t size) const {
  size_t needed = out_size_ + size;
  for (const Node& node : nodes_) {
    if (!node.is_open) needed += node.header_size + kPrefixBytesMax;
  }
  return needed <= limits.bytes_max &&
         item_count <= limits.items_max - std::min(out_items_, limits.items_max);
}

void Cutter::add(const Bytes& bytes, uint32_t item_count) {
  for (Node& node : nodes_) {
    if (node.is_open) continue;
    node.is_open = true;
    out_size_ += node.header_size + kPrefixBytesMax;
  }
  if (nodes_.empty()) {
    append_run(&out_, bytes);
  } else {
    append_run(&nodes_.back().out, bytes);
    nodes_.back().out_size += bytes.size();
  }
  out_size_ += bytes.size();
  out_items_ += item_count;
  out_is_empty_ = false;
}

void Cutter::open_node(Level level, uint32_t field_number, Bytes content) {
  nodes_.push_back({.level = level,
                    .field_number = field_number,
                    .header = {},
                    .content = std::move(content),
                    .out = {}});
}

// Reads the node's fields that each part repeats: a few slices, or a copy if they are in many
// places. False when all repetitions together would be too large, or there is no memory for the
// copy.
bool Cutter::read_header(Node* node, uint32_t item_count, const CutLimits& limits) {
  constexpr size_t kRunsMax = 8;
  // With more, and items between them, the list of slices would be larger than the items.
  constexpr size_t kScatteredRunsMax = 1024;
  const Bytes& content = node->content;
  const auto each = [&](const auto& visit) {
    wire::FieldReader fields(content.view());
    for (wire::Field field; fields.next(&field);) {
      step(kFieldUnits);
      if (!is_child(node->level, wire::make_tag(field.number, field.type))) visit(field.whole);
    }
  };
  const uint8_t* end = nullptr;
  size_t run_count = 0;
  each([&](std::span<const uint8_t> whole) {
    node->header_size += whole.size();
    run_count += whole.data() != end;
    end = whole.data() + whole.size();
  });
  const size_t part_count = 1 + item_count / limits.items_max + content.size() / limits.bytes_max;
  if (run_count > kScatteredRunsMax) return false;
  if (node->header_size > (content.size() + kRepeatedBytesMax) / part_count) return false;
  if (run_count <= kRunsMax) {
    each([&](std::span<const uint8_t> whole) {
      const auto offset = static_cast<size_t>(whole.data() - content.data());
      append_run(&node->header, content.slice(offset, whole.size()));
    });
    return true;
  }
  ChunkRef chunk = work_ == nullptr ? ChunkRef::adopt(allocate_chunk(node->header_size))
                                    : work_->pool.acquire_to_drain(node->header_size);
  if (!chunk) return false;
  uint8_t* at = chunk->data();
  each([&](std::span<const uint8_t> whole) {
    std::memcpy(at, whole.data(), whole.size());
    at += whole.size();
  });
  const uint8_t* const data = chunk->data();
  node->header.push_back(Bytes(std::move(chunk), data, node->header_size));
  return true;
}

// Returns the message in one piece; nothing when there is no memory for the copy.
std::optional<Bytes> Cutter::joined(const Rope& message) {
  if (message.pieces().size() <= 1 || work_ == nullptr) return message.to_bytes();
  ChunkRef chunk = work_->pool.acquire_to_drain(message.size());
  if (!chunk) return std::nullopt;
  uint8_t* at = chunk->data();
  for (const Bytes& piece : message.pieces()) {
    std::memcpy(at, piece.data(), piece.size());
    at += piece.size();
    step(piece.size() / 4);
  }
  const uint8_t* const data = chunk->data();
  return Bytes(std::move(chunk), data, message.size());
}

// Opens two levels at once: the Metric, whose only child is the effective member of `data`, and
// that member, whose children are the data points.
bool Cutter::open_metric(const Child& child, uint32_t item_count, const CutLimits& limits) {
  uint32_t live_field = 0;
  Rope live;  // the effective member; merging is concatenation
  open_node(Level::kMetric, child.field_number, child.content);
  Node& metric = nodes_.back();
  while (const std::optional<Child> member = peek_child(&metric)) {
    metric.at += member->whole.size();
    if (member->field_number != live_field) live.clear();
    live.append(member->content);
    live_field = member->field_number;
  }
  std::optional<Bytes> data = joined(live);
  const bool is_metric_fine = read_header(&metric, item_count, limits);
  if (data && is_metric_fine) {
    open_node(Level::kData, live_field, std::move(*data));
    if (read_header(&nodes_.back(), item_count, limits)) return true;
    nodes_.pop_back();
  }
  nodes_.pop_back();
  return false;
}

// Wraps the innermost node's children for this part and appends them to the enclosing node.
void Cutter::write_innermost() {
  Node& node = nodes_.back();
  if (!node.is_open) return;
  std::vector<Bytes>& into = nodes_.size() > 1 ? nodes_[nodes_.size() - 2].out : out_;
  const size_t content_size = node.header_size + node.out_size;
  lengths_.raw_varint(len_tag(node.field_number));
  lengths_.raw_varint(content_size);
  const Bytes prefix = lengths_.finish();
  append_run(&into, prefix);
  for (const Bytes& piece : node.header) append_run(&into, piece);
  for (const Bytes& piece : node.out) append_run(&into, piece);
  if (nodes_.size() > 1) nodes_[nodes_.size() - 2].out_size += prefix.size() + content_size;
  node.out.clear();
  node.out_size = 0;
  node.is_open = false;
}

void Cutter::close_innermost() {
  write_innermost();
  nodes_.pop_back();
}

Rope Cutter::finish_part() {
  // Innermost first; the nodes are kept for the next part.
  std::vector<Node> kept;
  while (!nodes_.empty()) {
    write_innermost();
    kept.push_back(std::move(nodes_.back()));
    nodes_.pop_back();
  }
  nodes_.assign(std::make_move_iterator(kept.rbegin()), std::make_move_iterator(kept.rend()));
  Rope part;
  for (Bytes& piece : out_) part.append(std::move(piece));
  out_.clear();
  return part;
}

Rope Cutter::take_rest() {
  Rope rest;
  if (!nodes_.empty()) {
    // Takes children of the opened messages without a limit; bytes behind them stay unchanged.
    out_items_ = 0;
    out_size_ = 0;
    out_is_empty_ = true;
    while (!nodes_.empty()) place_child(CutLimits{});
    rest = finish_part();
  }
  rest.append(reader_.take(request_.size() - reader_.position()));
  return rest;
}

std::vector<Part> split(Signal signal, Rope request, uint32_t item_count, const CutLimits& limits) {
  std::vector<Part> parts;
  if (item_count <= limits.items_max && request.size() <= limits.bytes_max) {
    parts.push_back({std::move(request), item_count, false});
    return parts;
  }
  Cutter cutter(signal, std::move(request));
  while (std::optional<Part> part = cutter.next(limits)) parts.push_back(std::move(*part));
  return parts;
}

Part take_front(Signal signal, Rope* request, const CutLimits& limits) {
  Cutter cutter(signal, std::move(*request));
  Part front = cutter.next(limits).value_or(Part{});
  *request = cutter.take_rest();
  return front;
}

}  // namespace millrace::otlp
