#include "http/header_list.h"

#include "base/allocation_name.h"

namespace millrace::http {
namespace {

// Kept for the next header section; those of SDKs are some hundred bytes long.
constexpr size_t kKeptBytes = 4 * 1024;
// Room that the first field takes: enough for most sections, so that they grow no further.
constexpr size_t kFirstBytes = 512;
constexpr size_t kFirstFields = 16;

// kCount for another name. Length first: most names are compared with one known name or none.
KnownField known_field(std::string_view name) {
  const auto if_equal = [name](std::string_view known, KnownField field) {
    return name == known ? field : KnownField::kCount;
  };
  switch (name.size()) {
    case 2:
      return if_equal("te", KnownField::kTe);
    case 5:
      return if_equal(":path", KnownField::kPath);
    case 6:
      return if_equal("origin", KnownField::kOrigin);
    case 7:
      return if_equal(":method", KnownField::kMethod);
    case 10:
      return if_equal(":authority", KnownField::kAuthority);
    case 12:
      return name[0] == 'c' ? if_equal("content-type", KnownField::kContentType)
                            : if_equal("grpc-timeout", KnownField::kGrpcTimeout);
    case 13:
      return if_equal("grpc-encoding", KnownField::kGrpcEncoding);
    case 14:
      return if_equal("content-length", KnownField::kContentLength);
    case 16:
      return if_equal("content-encoding", KnownField::kContentEncoding);
    default:
      return KnownField::kCount;
  }
}

}  // namespace

void HeaderList::clear() {
  buffer_.clear();
  entries_.clear();
  known_.fill(-1);
}

void HeaderList::release() {
  if (memory_bytes() <= kKeptBytes) return;
  std::string().swap(buffer_);  // an assignment of the empty string would keep its memory
  entries_ = std::vector<Entry>();
  clear();
}

void HeaderList::note(std::string_view name) {
  const KnownField field = known_field(name);
  if (field == KnownField::kCount) return;
  int32_t& index = known_[static_cast<size_t>(field)];
  if (index < 0) index = static_cast<int32_t>(entries_.size());
}

void HeaderList::reserve_first() {
  if (entries_.capacity() != 0) return;
  buffer_.reserve(kFirstBytes);
  entries_.reserve(kFirstFields);
}

void HeaderList::append(std::string_view name, std::string_view value) {
  const AllocationName allocation("term connections");  // bounded by header_bytes_max
  reserve_first();
  note(name);
  entries_.push_back({static_cast<uint32_t>(buffer_.size()), static_cast<uint32_t>(name.size()),
                      static_cast<uint32_t>(value.size())});
  buffer_.append(name);
  buffer_.append(value);
}

void HeaderList::append_mixed_case(std::string_view name, std::string_view value) {
  const AllocationName allocation("term connections");
  reserve_first();
  const size_t offset = buffer_.size();
  for (const char c : name) buffer_ += c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
  note(std::string_view(buffer_).substr(offset));
  entries_.push_back({static_cast<uint32_t>(offset), static_cast<uint32_t>(name.size()),
                      static_cast<uint32_t>(value.size())});
  buffer_.append(value);
}

HeaderList::Field HeaderList::at(size_t index) const {
  const Entry& entry = entries_[index];
  const std::string_view all = buffer_;
  return {all.substr(entry.name_offset, entry.name_size),
          all.substr(entry.name_offset + entry.name_size, entry.value_size)};
}

std::string_view HeaderList::find(std::string_view lower_case_name) const {
  for (size_t i = 0; i < entries_.size(); ++i) {
    if (const Field field = at(i); field.name == lower_case_name) return field.value;
  }
  return {};
}

}  // namespace millrace::http
