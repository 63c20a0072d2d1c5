// A list of fields against a plain vector of pairs, also after it was cleared and filled again.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/testing/fuzz_input.h"
#include "http/header_list.h"

namespace {

using namespace millrace;
using Twin = std::vector<std::pair<std::string, std::string>>;

constexpr std::pair<std::string_view, http::KnownField> kKnown[] = {
    {":method", http::KnownField::kMethod},
    {":path", http::KnownField::kPath},
    {"content-type", http::KnownField::kContentType},
    {"content-length", http::KnownField::kContentLength},
    {"grpc-timeout", http::KnownField::kGrpcTimeout},
    {"te", http::KnownField::kTe},
    {"origin", http::KnownField::kOrigin}};

std::string_view find(const Twin& twin, std::string_view name) {
  const auto found = std::ranges::find(twin, name, [](const auto& pair) { return pair.first; });
  return found == twin.end() ? std::string_view() : found->second;
}

void compare(const http::HeaderList& list, const Twin& twin) {
  MILLRACE_CHECK(list.count() == twin.size());
  size_t bytes = 0;
  for (size_t i = 0; i < twin.size(); ++i) {
    MILLRACE_CHECK(list.at(i).name == twin[i].first && list.at(i).value == twin[i].second);
    MILLRACE_CHECK(list.find(twin[i].first) == find(twin, twin[i].first));
    bytes += twin[i].first.size() + twin[i].second.size() + 32;
  }
  MILLRACE_CHECK(list.size_bytes() == bytes);
  for (const auto& [name, field] : kKnown) {
    const bool is_there = std::ranges::any_of(twin, [&](const auto& p) { return p.first == name; });
    MILLRACE_CHECK(list.has(field) == is_there);
    MILLRACE_CHECK(list.find(field) == find(twin, name));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  testing::FuzzInput input(data, size);
  http::HeaderList list;
  Twin twin;
  while (!input.empty() && twin.size() < 32) {
    const size_t what = input.choice(8);
    if (what == 0) {
      list.clear();
      twin.clear();
      continue;
    }
    std::string name(what < 4 ? kKnown[input.choice(std::size(kKnown))].first : input.text());
    if (what == 1) {
      std::ranges::transform(name, name.begin(), [](char c) {
        return c >= 'a' && c <= 'z' ? static_cast<char>(c - 0x20) : c;
      });
    }
    const std::string value(input.text());
    if (what % 2 == 0) {
      list.append(name, value);
    } else {
      list.append_mixed_case(name, value);
      std::ranges::transform(name, name.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 0x20) : c;
      });
    }
    twin.emplace_back(name, value);
  }
  compare(list, twin);
  return 0;
}
