// Names of attributes as labels of Prometheus. Pure function.
#pragma once

#include <algorithm>
#include <cctype>
#include <string>

namespace millrace::metrics {

// "service.name" is "service_name": what is neither an ASCII letter nor a digit becomes '_'.
inline std::string label_name(std::string attribute) {
  std::ranges::replace_if(attribute, [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
  return attribute;
}

}  // namespace millrace::metrics
