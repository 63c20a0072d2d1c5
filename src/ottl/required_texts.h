// Texts without which a condition cannot hold: `attributes["a"] == "b"` holds for no span in whose
// bytes "b" does not stand. A walk looks for them in the bytes of many items at once and visits the
// others only (WalkOptions::required_texts).
//
// Pure functions for start-up.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "ottl/program.h"
#include "wire/text_search.h"

namespace millrace::ottl {

// More searches cost more than the visits that they avoid.
inline constexpr size_t kRequiredTextsMax = 4;

// Where none of the texts stands in the received bytes of an item that was not changed, the
// condition does not hold and does not fail. Empty: there are no such texts.
std::vector<std::string> required_texts(const Node& condition, Context item);

// Collects the texts of several conditions, of which any may hold: those of spans and log records.
// With a condition of span events there are none.
class RequiredTexts {
 public:
  void add(const Node& condition, Context context);
  // Empty when a condition has none, and when there are too many.
  std::vector<wire::TextSearch> searches() const;

 private:
  std::vector<std::string> texts_;
  bool has_unknown_ = false;
};

}  // namespace millrace::ottl
