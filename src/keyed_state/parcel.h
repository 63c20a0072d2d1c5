// The unit of hand-over to the owner of a key: a part of a request, all of whose keys have that
// owner.
#pragma once

#include <cstdint>
#include <memory>

#include "base/bytes.h"
#include "base/metadata.h"
#include "ledger/ledger.h"
#include "memory/budget.h"
#include "pipeline/completion.h"

namespace millrace::keyed_state {

struct Parcel {
  // Which pipeline it belongs to, by the number that KeyOwners::add_pipeline gave.
  uint32_t pipeline = 0;
  uint32_t item_count = 0;
  uint32_t admitted_bytes = 0;  // its share of the request as it was admitted
  Rope bytes;                   // slices of the received bytes
  MetadataRef metadata;         // null: none
  // Owes one answer for this parcel; null: no sender waits. Under `accepted` it is settled when the
  // owner has the parcel, otherwise it travels on with it.
  std::shared_ptr<pipeline::Completion> completion;
  bool settles_when_owned = false;
  // The memory of the list of slices; made by KeyOwner.
  Reservation memory;

  ledger::Amount amount() const { return {item_count, admitted_bytes}; }
};

}  // namespace millrace::keyed_state
