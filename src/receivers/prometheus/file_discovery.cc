#include <algorithm>
#include <map>
#include <memory>
#include <utility>

#include "base/text_pattern.h"
#include "io/directory_calls.h"
#include "io/watched_file.h"
#include "receivers/prometheus/discovery.h"
#include "receivers/prometheus/target_groups.h"

namespace millrace::receivers::prometheus {
namespace {

// Files are looked at this often, or at refresh_interval where that is shorter: a look costs a
// stat().
constexpr Duration kLookInterval = 5s;
constexpr size_t kFilesMax = 10'000;

class FileDiscovery final : public Discovery {
 public:
  FileDiscovery(const ScrapeWorld& world, const FileDiscoveryOptions& options, OnChange on_change)
      : world_(world),
        options_(options),
        on_change_(std::move(on_change)),
        timer_(world.parts.loop->make_timer([this] { look(); })) {
    timer_->arm_at(world.parts.loop->now());
  }
  const std::vector<TargetGroup>& groups() const override { return groups_; }

 private:
  struct File {
    explicit File(const std::string& path) : watched(path) {}
    io::WatchedFile watched;
    std::vector<TargetGroup> groups;
  };

  void look() {
    timer_->arm_at(world_.parts.loop->now() + std::min(options_.refresh_interval, kLookInterval));
    const std::vector<std::string> paths = matching();
    bool is_changed = std::erase_if(files_, [&](const auto& file) {
                        return std::ranges::find(paths, file.first) == paths.end();
                      }) > 0;
    for (const std::string& path : paths) {
      if (read(files_.try_emplace(path, path).first->second)) is_changed = true;
    }
    if (!is_changed) return;
    groups_.clear();
    for (const auto& [path, file] : files_) {
      groups_.insert(groups_.end(), file.groups.begin(), file.groups.end());
    }
    on_change_();
  }

  // True when it has other groups.
  bool read(File& file) {
    const auto text = file.watched.read_if_changed();
    const std::string& path = file.watched.path();
    if (text && !*text) return false;
    auto groups = !text                     ? fail(text.error())
                  : path.ends_with(".json") ? parse_json_groups(**text)
                                            : parse_yaml_groups(**text, path);
    if (!groups) {
      world_.parts.log->warn(
          "a file of targets cannot be used",
          {{"receiver", world_.parts.name}, {"file", path}, {"error", groups.error().message}});
      return false;
    }
    for (TargetGroup& group : *groups) group.labels.emplace_back("__meta_filepath", path);
    file.groups = std::move(*groups);
    return true;
  }

  std::vector<std::string> matching() const {
    std::vector<std::string> paths;
    for (const std::string& pattern : options_.files) {
      if (!pattern.contains('*')) {
        paths.push_back(pattern);
        continue;
      }
      const size_t slash = pattern.rfind('/');
      const std::string directory = slash == std::string::npos ? "." : pattern.substr(0, slash + 1);
      const std::string_view name = std::string_view(pattern).substr(slash + 1);
      std::vector<std::string> names;
      if (io::list_directory(directory, &names) != 0) continue;
      for (const std::string& found : names) {
        if (paths.size() < kFilesMax && matches_pattern(name, found)) {
          paths.push_back(slash == std::string::npos ? found : directory + found);
        }
      }
    }
    return paths;
  }

  const ScrapeWorld& world_;
  const FileDiscoveryOptions& options_;
  const OnChange on_change_;
  std::map<std::string, File> files_;  // by path
  std::vector<TargetGroup> groups_;
  std::unique_ptr<io::Timer> timer_;
};

}  // namespace

std::unique_ptr<Discovery> make_file_discovery(const ScrapeWorld& world,
                                               const FileDiscoveryOptions& options,
                                               Discovery::OnChange on_change) {
  return std::make_unique<FileDiscovery>(world, options, std::move(on_change));
}

}  // namespace millrace::receivers::prometheus
