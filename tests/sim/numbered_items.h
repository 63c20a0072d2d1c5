// Items with numbers: how the simulation knows every span, data point and log record again,
// wherever it arrives, and whether its bytes are still the ones that were sent.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/random.h"
#include "base/signal.h"

namespace millrace::sim_test {

struct NumberedItem {
  uint64_t number = 0;
  std::string bytes;  // of the whole Span, NumberDataPoint or LogRecord
};

struct NumberedRequest {
  Bytes message;  // a valid Export<Signal>ServiceRequest
  std::vector<NumberedItem> items;
};

// Numbered from `first_number` on, spread over one or two resources and scopes.
NumberedRequest make_request(Signal signal, uint64_t first_number, uint32_t items_about,
                             Random& random);
std::vector<NumberedItem> read_items(Signal signal, const Bytes& message);

// The attribute that the scenario's attributes processor inserts.
inline constexpr char kEditKey[] = "sim.edited";
// The span without that attribute; the same bytes when it has none.
std::string without_edit(const std::string& span);

// Everything that was sent in valid requests, by all clients.
class SentItems {
 public:
  void add(Signal signal, const NumberedItem& item) { bytes_[{signal, item.number}] = item.bytes; }
  // Null: nobody sent that number.
  const std::string* find(Signal signal, uint64_t number) const {
    const auto found = bytes_.find({signal, number});
    return found == bytes_.end() ? nullptr : &found->second;
  }
  size_t size() const { return bytes_.size(); }

 private:
  std::map<std::pair<Signal, uint64_t>, std::string> bytes_;
};

}  // namespace millrace::sim_test
