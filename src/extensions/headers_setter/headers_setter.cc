#include "extensions/headers_setter/headers_setter.h"

#include <algorithm>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "access/field_text.h"
#include "access/reloading.h"
#include "io/watched_file.h"

namespace millrace::extensions {
namespace {

using Action = HeaderRule::Action;
using Source = HeaderRule::Source;
using transport::CredentialContext;
using transport::Credentials;

using File = access::Reloading<const std::string>;

Result<std::shared_ptr<File>> open_file(const std::string& path) {
  return File::make([file = std::make_shared<io::WatchedFile>(
                         path)]() -> Result<std::shared_ptr<const std::string>> {
    auto text = file->read_if_changed();
    if (!text) return fail(std::move(text.error()));
    if (!*text) return nullptr;
    const std::string_view value = access::trimmed(**text);
    if (!access::is_value(value)) {
      return fail(Code::kInvalidArgument, file->path() + ": the file has more than one line");
    }
    return std::make_shared<const std::string>(value);
  });
}

// The fields of one request, as the rules before have left them.
class Fields {
 public:
  explicit Fields(const std::vector<MetadataEntry>* own) : own_(own) {}

  // An empty value is as good as none, as in Go's http.Header.
  bool has(const std::string& name) const {
    if (const MetadataEntry* entry = find(name)) return !entry->value.empty();
    if (removed_.contains(name) || own_ == nullptr) return false;
    return std::ranges::any_of(*own_, [&](const MetadataEntry& entry) {
      return entry.name == name && !entry.value.empty();
    });
  }
  void set(const std::string& name, std::string value) {
    if (auto* const entry = const_cast<MetadataEntry*>(find(name))) {
      entry->value = std::move(value);
    } else {
      made_.push_back({name, std::move(value)});
    }
  }
  void remove(const std::string& name) {
    std::erase_if(made_, [&](const MetadataEntry& entry) { return entry.name == name; });
    removed_.insert(name);
  }
  std::vector<MetadataEntry> take() { return std::move(made_); }

 private:
  const MetadataEntry* find(const std::string& name) const {
    const auto found = std::ranges::find(made_, name, &MetadataEntry::name);
    return found == made_.end() ? nullptr : &*found;
  }

  const std::vector<MetadataEntry>* const own_;
  std::vector<MetadataEntry> made_;
  std::set<std::string> removed_;
};

class Setter final : public transport::CredentialSource {
 public:
  Setter(std::vector<HeaderRule> rules, std::vector<std::shared_ptr<File>> files)
      : rules_(std::move(rules)), files_(std::move(files)) {
    std::set<std::string> removed;
    for (const HeaderRule& rule : rules_) {
      if (rule.action == Action::kDelete) {
        removed.insert(rule.name);
      } else {
        removed.erase(rule.name);
      }
      if ((rule.source == Source::kContext || rule.source == Source::kAttribute) &&
          std::ranges::find(context_keys_, rule.from) == context_keys_.end()) {
        context_keys_.push_back(rule.from);
      }
    }
    removed_ = {removed.begin(), removed.end()};
  }

  Result<Credentials> current(const CredentialContext& context) override {
    Fields fields(context.own_headers);
    for (size_t i = 0; i < rules_.size(); ++i) {
      const HeaderRule& rule = rules_[i];
      if (rule.action == Action::kDelete) {
        fields.remove(rule.name);
        continue;
      }
      auto value = value_of(rule, files_[i].get(), context.metadata);
      if (!value) return fail(std::move(value.error()));
      const bool is_there = fields.has(rule.name);
      if (rule.action == Action::kInsert && is_there) continue;
      if (rule.action == Action::kUpdate && !is_there) continue;
      fields.set(rule.name, std::move(*value));
    }
    return std::make_shared<const std::vector<MetadataEntry>>(fields.take());
  }
  std::span<const std::string> context_keys() const override { return context_keys_; }
  std::span<const std::string> removed_headers() const override { return removed_; }

 private:
  static Result<std::string> value_of(const HeaderRule& rule, File* file,
                                      const Metadata* metadata) {
    if (rule.source == Source::kValue) return rule.from;
    if (rule.source == Source::kFile) return *file->look({}, 0s);
    std::string found;
    size_t count = 0;
    if (metadata != nullptr) {
      for (const MetadataEntry& entry : metadata->entries) {
        if (entry.name != rule.from) continue;
        found = entry.value;
        ++count;
      }
    }
    if (count == 0) return rule.default_value.value_or("");
    if (count > 1) {
      return fail(Code::kInvalidArgument,
                  std::to_string(count) + " values of the header " + rule.from +
                      " came with the request; it is not known which one to send as " + rule.name);
    }
    if (!access::is_value(found)) {
      const char* const what = rule.source == Source::kContext ? "the header " : "the attribute ";
      return fail(Code::kInvalidArgument, what + rule.from + " has a control character");
    }
    return found;
  }

  const std::vector<HeaderRule> rules_;
  const std::vector<std::shared_ptr<File>> files_;  // of the rules, in their order; null: none
  std::vector<std::string> context_keys_;
  std::vector<std::string> removed_;  // by their last rule
};

}  // namespace

Result<access::AuthExtension> make_headers_setter(const HeadersSetterOptions& options) {
  std::vector<std::shared_ptr<File>> files;
  for (const HeaderRule& rule : options.rules) {
    files.emplace_back();
    if (rule.source != Source::kFile) continue;
    auto opened = open_file(rule.from);
    if (!opened) return fail(std::move(opened.error()));
    files.back() = std::move(*opened);
  }
  access::AuthExtension made;
  made.report_reloads = [files](const std::function<void(const Status&)>& on_reload) {
    for (const auto& file : files) {
      if (file != nullptr) file->report_reloads(on_reload);
    }
  };
  made.client = std::make_shared<Setter>(options.rules, std::move(files));
  return made;
}

}  // namespace millrace::extensions
