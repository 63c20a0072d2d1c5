#include "exporters/kafka/message_groups.h"

#include <cstdint>
#include <span>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "exporters/kafka/resource_key.h"
#include "otlp/rope_writer.h"
#include "otlp/views.h"
#include "wire/protobuf.h"

namespace millrace::exporters::kafka {
namespace {

using otlp::MessageBytes;

constexpr std::string_view kDoing = "grouping by message key";
constexpr uint32_t kResourceX = 1;  // of a request
constexpr uint32_t kSpanTraceId = 1;
constexpr uint32_t kLogTraceId = 9;
// What a growing list holds for an element, at most: its place in the new block and in the old one.
constexpr size_t kGrowth = 3;
// A map takes for a group: its node, its place in the table, and a key of a trace or a resource on
// the heap.
constexpr size_t kGroupMapBytes = 192;

std::string to_hex(std::string_view id) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const char c : id) {
    text += kDigits[static_cast<uint8_t>(c) >> 4];
    text += kDigits[static_cast<uint8_t>(c) & 15];
  }
  return text;
}

bool is_empty_id(std::string_view id) {
  return id.find_first_not_of('\0') == std::string_view::npos;
}

// Counts the memory of a grouping's lists, and reserves it in steps before they grow: two bytes of
// a request can be an item, so that no factor of its size is both enough and not wasteful.
class ListMemory {
 public:
  explicit ListMemory(Budget& budget) : budget_(budget) {}

  // False: there is no memory, now and from now on.
  template <class Element>
  bool take() {
    return take_bytes(kGrowth * sizeof(Element));
  }
  bool take_bytes(size_t bytes) {
    used_ += bytes;
    while (!is_exhausted_ && used_ > reserved_) {
      steps_.push_back(Reservation::try_make_to_drain(budget_, MemoryTerm::kWork, kStepBytes));
      is_exhausted_ = !steps_.back();
      reserved_ += kStepBytes;
    }
    return !is_exhausted_;
  }
  bool is_exhausted() const { return is_exhausted_; }
  size_t used() const { return used_; }

 private:
  static constexpr size_t kStepBytes = size_t{64} << 10;
  Budget& budget_;
  std::vector<Reservation> steps_;
  size_t used_ = 0;
  size_t reserved_ = 0;
  bool is_exhausted_ = false;
};

// One message with the fields that are repeated around its children.
struct Surroundings {
  Bytes owner;
  std::vector<MessageBytes> fields;
};

struct Item {
  uint32_t resource = 0;
  uint32_t scope = 0;
  MessageBytes whole;  // tag, length and content
};

struct Group {
  std::optional<std::string> key;
  std::vector<Item> items;
};

class TraceGrouping {
 public:
  TraceGrouping(Signal signal, Work& work)
      : id_field_(signal == Signal::kLogs ? kLogTraceId : kSpanTraceId),
        drops_empty_(signal == Signal::kLogs),
        work_(work),
        memory_(work.pool.budget()) {}

  // Fails when there is no memory for the lists.
  Status read(const Rope& request) {
    otlp::ResourceReader reader(request);
    for (otlp::ResourceView resource; reader.next(&resource) && memory_.take<Surroundings>();) {
      Surroundings around{.owner = resource.bytes, .fields = {}};
      std::vector<MessageBytes> scopes;
      split(resource.bytes.view(), otlp::kResourceScopes, around.fields,
            [&](const wire::Field& field) {
              if (memory_.take<MessageBytes>()) scopes.push_back(field.bytes);
            });
      resources_.push_back(std::move(around));
      for (const MessageBytes scope : scopes) read_scope(scope);
    }
    if (!memory_.is_exhausted()) return {};
    return fail(no_memory(kDoing, request.size() + memory_.used(), work_.pool.budget()));
  }

  size_t group_count() const { return groups_.size(); }
  const std::optional<std::string>& key_of(size_t group) const { return groups_[group].key; }

  Result<Rope> write(size_t group) {
    otlp::RopeWriter out(work_, work_.pool.budget().limit_of_messages(), kDoing);
    out.let_pass_the_limit();
    const std::vector<Item>& items = groups_[group].items;
    for (size_t i = 0; i < items.size();) {
      const uint32_t resource = items[i].resource;
      const auto nested = out.open(kResourceX, 0);
      put(resources_[resource], out);
      while (i < items.size() && items[i].resource == resource) i = put_scope(items, i, out);
      out.close(nested);
    }
    return out.finish();
  }

 private:
  // The fields of a message: its children, and all others.
  template <class OnChild>
  void split(MessageBytes message, uint32_t child, std::vector<MessageBytes>& others,
             const OnChild& on_child) {
    wire::FieldReader reader(message);
    for (wire::Field field; reader.next(&field);) {
      work_.pace.step(otlp::kFieldUnits);
      if (field.is(child, wire::WireType::kLen)) {
        on_child(field);
      } else if (memory_.take<MessageBytes>()) {
        others.push_back(field.whole);
      }
    }
  }

  void read_scope(MessageBytes scope) {
    if (!memory_.take<Surroundings>()) return;
    const auto resource = static_cast<uint32_t>(resources_.size() - 1);
    const auto index = static_cast<uint32_t>(scopes_.size());
    Surroundings around{.owner = resources_.back().owner, .fields = {}};
    split(scope, otlp::kScopeItems, around.fields, [&](const wire::Field& field) {
      add({.resource = resource, .scope = index, .whole = field.whole}, trace_id_of(field.bytes));
    });
    scopes_.push_back(std::move(around));
  }

  std::string_view trace_id_of(MessageBytes item) const {
    std::string_view id;
    wire::FieldReader reader(item);
    for (wire::Field field; reader.next(&field);) {
      if (field.is(id_field_, wire::WireType::kLen)) id = field.text();
    }
    return is_empty_id(id) ? std::string_view() : id;
  }

  void add(const Item& item, std::string_view id) {
    if (!memory_.take<Item>()) return;
    const auto [found, is_new] = by_id_.try_emplace(id, groups_.size());
    if (is_new) {
      // The message of the group is counted as well.
      if (!memory_.take<Group>() || !memory_.take<MessageGroup>() ||
          !memory_.take_bytes(kGroupMapBytes)) {
        by_id_.erase(found);
        return;
      }
      groups_.emplace_back();
      if (!id.empty() || !drops_empty_) groups_.back().key = to_hex(id);
    }
    groups_[found->second].items.push_back(item);
  }

  static void put(const Surroundings& around, otlp::RopeWriter& out) {
    for (const MessageBytes field : around.fields) out.keep(around.owner, field);
  }

  size_t put_scope(const std::vector<Item>& items, size_t at, otlp::RopeWriter& out) const {
    const uint32_t scope = items[at].scope;
    const auto nested = out.open(otlp::kResourceScopes, 0);
    put(scopes_[scope], out);
    for (; at < items.size() && items[at].scope == scope; ++at) {
      out.keep(scopes_[scope].owner, items[at].whole);
    }
    out.close(nested);
    return at;
  }

  const uint32_t id_field_;
  const bool drops_empty_;  // the key of items without an id
  Work& work_;
  ListMemory memory_;
  std::vector<Surroundings> resources_;
  std::vector<Surroundings> scopes_;
  std::vector<Group> groups_;
  std::unordered_map<std::string_view, size_t> by_id_;
};

Result<std::vector<MessageGroup>> group_by_trace(Signal signal, const Rope& request, Work& work) {
  TraceGrouping grouping(signal, work);
  if (Status read = grouping.read(request); !read) return fail(read.error());
  std::vector<MessageGroup> groups;
  for (size_t i = 0; i < grouping.group_count(); ++i) {
    if (grouping.group_count() == 1) {
      groups.push_back({.key = grouping.key_of(0), .request = request});
      break;
    }
    Result<Rope> part = grouping.write(i);
    if (!part) return fail(part.error());
    groups.push_back({.key = grouping.key_of(i), .request = *std::move(part)});
  }
  return groups;
}

Result<std::vector<MessageGroup>> group_by_resource(const Rope& request, Work& work) {
  std::vector<MessageGroup> groups;
  std::unordered_map<std::string, size_t> by_key;
  ListMemory memory(work.pool.budget());
  otlp::ResourceReader reader(request);
  for (otlp::ResourceView resource; reader.next(&resource);) {
    work.pace.step(resource.bytes.size());
    const std::string key = resource_key(resource.resource.view());
    if (!memory.take<MessageGroup>() || !memory.take_bytes(kGroupMapBytes)) {
      return fail(no_memory(kDoing, request.size() + memory.used(), work.pool.budget()));
    }
    const auto [found, is_new] = by_key.try_emplace(key, groups.size());
    if (is_new) groups.push_back({.key = key, .request = {}});
    otlp::RopeWriter out(work, SIZE_MAX, kDoing);
    out.let_pass_the_limit();
    out.write_len_prefix(kResourceX, resource.bytes.size());
    out.keep(resource.bytes, resource.bytes.view());
    Result<Rope> part = out.finish();
    if (!part) return fail(part.error());
    groups[found->second].request.append(*std::move(part));
  }
  if (groups.size() == 1) groups[0].request = request;
  return groups;
}

}  // namespace

Result<std::vector<MessageGroup>> group_by_key(Signal signal, const Rope& request, KeySource source,
                                               Work& work) {
  return source == KeySource::kTraceId ? group_by_trace(signal, request, work)
                                       : group_by_resource(request, work);
}

}  // namespace millrace::exporters::kafka
