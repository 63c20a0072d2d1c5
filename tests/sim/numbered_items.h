// Items with numbers, by which the simulation recognizes every span, data point and log record
// wherever it arrives, and checks that its bytes are unchanged.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/random.h"
#include "base/signal.h"

namespace millrace::sim_test {

struct NumberedItem {
  uint64_t number = 0;
  Bytes bytes;  // the whole Span, NumberDataPoint or LogRecord; a slice of its request
};

struct NumberedRequest {
  Bytes message;  // a valid Export<Signal>ServiceRequest
  std::vector<NumberedItem> items;
};

// Makes items numbered from `first_number`, spread over one or two resources and scopes.
NumberedRequest make_request(Signal signal, uint64_t first_number, uint32_t items_about,
                             Random& random);
std::vector<NumberedItem> read_items(Signal signal, const Bytes& message);

// The attribute that the scenario's attributes or transform processor inserts.
inline constexpr char kEditKey[] = "sim.edited";
// Returns the fields of the span without that attribute, sorted: an edit may change their order.
std::vector<std::string> fields_without_edit(const Bytes& span);
// The text of that attribute; empty if there is none.
std::string edit_of(const Bytes& span);

// The scenario's filter processors remove spans and log records whose span id, as text, matches.
inline constexpr char kFilterPattern[] = "[05a]$";
bool is_filtered(Signal signal, uint64_t number);

// A value for each item: a client's numbers have its index in the upper half, and no gaps.
template <class Value>
class ItemTable {
 public:
  // Creates the value if it is new.
  Value& at(Signal signal, uint64_t number) {
    std::vector<Place>& client = clients_[number >> 32];
    const uint64_t index = number & UINT32_MAX;
    if (client.size() <= index) client.resize(index + 1);
    client[index].signal = signal;
    return client[index].value;
  }
  // Null: there is no value for that number and signal.
  const Value* find(Signal signal, uint64_t number) const {
    const auto client = clients_.find(number >> 32);
    const uint64_t index = number & UINT32_MAX;
    if (client == clients_.end() || index >= client->second.size()) return nullptr;
    const Place& place = client->second[index];
    return place.signal == signal ? &place.value : nullptr;
  }

 private:
  struct Place {
    std::optional<Signal> signal;
    Value value{};
  };
  std::map<uint64_t, std::vector<Place>> clients_;
};

// The items of all valid requests that clients have sent.
class SentItems {
 public:
  void add(Signal signal, const NumberedItem& item) {
    bytes_.at(signal, item.number) = item.bytes;
    ++count_;
  }
  // Null: no client has sent that number.
  const Bytes* find(Signal signal, uint64_t number) const { return bytes_.find(signal, number); }
  size_t size() const { return count_; }

 private:
  ItemTable<Bytes> bytes_;
  size_t count_ = 0;
};

}  // namespace millrace::sim_test
