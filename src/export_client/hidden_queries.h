// The queries of an exporter's URLs, which may hold keys: a server's page that repeats one is not
// shown so. One thread, or immutable.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace millrace::exporters {

class HiddenQueries {
 public:
  // `path` is a path with its query; without one nothing is added.
  void add(std::string_view path) {
    const size_t query = path.find('?');
    if (query != std::string_view::npos && query + 1 < path.size()) {
      queries_.emplace_back(path.substr(query + 1));
    }
  }
  void hide_in(std::string& text) const {
    constexpr std::string_view kHidden = "[REDACTED]";
    for (const std::string& query : queries_) {
      for (size_t at = text.find(query); at != std::string::npos; at = text.find(query, at)) {
        text.replace(at, query.size(), kHidden);
        at += kHidden.size();
      }
    }
  }

 private:
  std::vector<std::string> queries_;
};

}  // namespace millrace::exporters
