#include "compress/coding.h"

#include <array>
#include <cstddef>

namespace millrace::compress {
namespace {

struct Name {
  std::string_view name;
  Coding coding;
};
constexpr std::array<Name, 10> kNames = {{{"", Coding::kIdentity},
                                          {"identity", Coding::kIdentity},
                                          {"none", Coding::kIdentity},
                                          {"gzip", Coding::kGzip},
                                          {"x-gzip", Coding::kGzip},
                                          {"zstd", Coding::kZstd},
                                          {"deflate", Coding::kDeflate},
                                          {"zlib", Coding::kZlib},
                                          {"snappy", Coding::kSnappy},
                                          {"x-snappy-framed", Coding::kSnappyFramed}}};

constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool equal_ignoring_case(std::string_view text, std::string_view lower_case) {
  if (text.size() != lower_case.size()) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (lower(text[i]) != lower_case[i]) return false;
  }
  return true;
}

}  // namespace

std::optional<Coding> coding_from_name(std::string_view name) {
  for (const Name& known : kNames) {
    if (equal_ignoring_case(name, known.name)) return known.coding;
  }
  return std::nullopt;
}

std::string_view coding_name(Coding coding) {
  switch (coding) {
    case Coding::kIdentity:
      return "identity";
    case Coding::kGzip:
      return "gzip";
    case Coding::kDeflate:
      return "deflate";
    case Coding::kZlib:
      return "zlib";
    case Coding::kZstd:
      return "zstd";
    case Coding::kSnappy:
      return "snappy";
    case Coding::kSnappyFramed:
      return "x-snappy-framed";
  }
  return "";
}

}  // namespace millrace::compress
