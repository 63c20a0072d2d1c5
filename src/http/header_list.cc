#include "http/header_list.h"

#include "base/allocation_name.h"

namespace millrace::http {
namespace {

// Kept for the next header section; those of SDKs are some hundred bytes long.
constexpr size_t kKeptBytes = 4 * 1024;

struct KnownName {
  std::string_view name;
  KnownField field;
};
constexpr KnownName kKnownNames[] = {
    {":method", KnownField::kMethod},
    {":path", KnownField::kPath},
    {":authority", KnownField::kAuthority},
    {"content-type", KnownField::kContentType},
    {"content-length", KnownField::kContentLength},
    {"content-encoding", KnownField::kContentEncoding},
    {"grpc-encoding", KnownField::kGrpcEncoding},
    {"grpc-timeout", KnownField::kGrpcTimeout},
    {"te", KnownField::kTe},
    {"origin", KnownField::kOrigin},
};

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
  for (const KnownName& known : kKnownNames) {
    if (known.name != name) continue;
    int32_t& index = known_[static_cast<size_t>(known.field)];
    if (index < 0) index = static_cast<int32_t>(entries_.size());
    return;
  }
}

void HeaderList::append(std::string_view name, std::string_view value) {
  const AllocationName allocation("term connections");  // bounded by header_bytes_max
  note(name);
  entries_.push_back({static_cast<uint32_t>(buffer_.size()), static_cast<uint32_t>(name.size()),
                      static_cast<uint32_t>(value.size())});
  buffer_.append(name);
  buffer_.append(value);
}

void HeaderList::append_mixed_case(std::string_view name, std::string_view value) {
  const AllocationName allocation("term connections");
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
