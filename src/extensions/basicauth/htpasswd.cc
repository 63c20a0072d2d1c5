#include "extensions/basicauth/htpasswd.h"

#include "access/field_text.h"

namespace millrace::extensions {

Status Htpasswd::add(std::string_view text, std::string_view source) {
  for (size_t number = 1; !text.empty(); ++number) {
    const size_t end = text.find('\n');
    const std::string_view line = access::trimmed(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.empty() || line.front() == '#') continue;
    const auto refuse = [&](const std::string& why) {
      return fail(Code::kInvalidArgument,
                  std::string(source) + ":" + std::to_string(number) + ": " + why);
    };
    const size_t colon = line.find(':');
    if (colon == 0 || colon == std::string_view::npos) return refuse("expected name:hash");
    Result<PasswordHash> hash = PasswordHash::parse(line.substr(colon + 1));
    if (!hash) return refuse(hash.error().message);
    hashes_.insert_or_assign(std::string(line.substr(0, colon)), std::move(*hash));
  }
  slowest_ = nullptr;
  for (const auto& [name, hash] : hashes_) {
    if (slowest_ == nullptr || hash.cost() > slowest_->cost()) slowest_ = &hash;
  }
  return {};
}

const PasswordHash* Htpasswd::find(std::string_view name) const {
  const auto found = hashes_.find(std::string(name));
  return found == hashes_.end() ? nullptr : &found->second;
}

bool Htpasswd::verify(std::string_view name, std::string_view password) const {
  const PasswordHash* hash = find(name);
  if (hash != nullptr) return hash->verify(password);
  if (slowest_ != nullptr) static_cast<void>(slowest_->verify(password));
  return false;
}

uint32_t Htpasswd::cost(std::string_view name) const {
  const PasswordHash* hash = find(name);
  if (hash == nullptr) hash = slowest_;
  return hash == nullptr ? 0 : hash->cost();
}

}  // namespace millrace::extensions
