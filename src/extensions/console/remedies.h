// The remedy for the sender of a refused request, in words; empty: none is known. Pure.
#pragma once

#include <string>

#include "recent/refusal_list.h"

namespace millrace::extensions::console {

std::string remedy_of(const recent::RefusalEntry& refusal);

}  // namespace millrace::extensions::console
