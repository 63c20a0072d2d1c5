// Identities of resources, scopes, attributes and values: two that otelcol takes for the same have
// the same identity. The order of the entries of a mapping has no meaning; of values it has.
//
// An identity is a hash of 128 bits with a secret seed: senders cannot make two that share one.
// Cost: one pass over the message, no memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/pace.h"
#include "otlp/views.h"

namespace millrace::item_identity {

struct Identity {
  uint64_t low = 0;
  uint64_t high = 0;
  friend bool operator==(const Identity&, const Identity&) = default;

  // In order: a, b is not b, a.
  void append(Identity next);
  void append(uint64_t number);
  // In any order.
  void merge(Identity next) {
    low += next.low;
    high += next.high;
  }
};
struct IdentityHash {
  size_t operator()(const Identity& identity) const { return identity.low; }
};

class IdentityMaker {
 public:
  IdentityMaker(Identity seed, Pace& pace) : seed_(seed), pace_(pace) {}

  Pace& pace() const { return pace_; }

  // Different kinds of content never have the same identity. Users have the kinds from
  // kFirstOwnKind on.
  static constexpr uint64_t kFirstOwnKind = 64;
  Identity of_text(std::string_view text, uint64_t kind) const;
  Identity of_value(otlp::MessageBytes any_value) const;
  // The attributes in field `field_number` of a message.
  Identity of_attributes(otlp::MessageBytes message, uint32_t field_number) const;
  // Its attributes.
  Identity of_resource(otlp::MessageBytes resource) const;
  // Name, version and attributes.
  Identity of_scope(const otlp::ScopeView& scope) const;

 private:
  Identity of_elements(const otlp::AnyValueView& value) const;
  Identity of_entry(otlp::MessageBytes key_value) const;

  const Identity seed_;
  Pace& pace_;
};

}  // namespace millrace::item_identity
