// Attributes of the sender that an authenticator proved. They travel in the metadata of a request,
// beside the headers, under names that no header can have.
#pragma once

#include <array>
#include <string>
#include <string_view>

namespace millrace {

// The attributes that authenticators of this program give: basicauth's name of the user.
inline constexpr std::array<std::string_view, 1> kIdentityAttributes = {"username"};

// The name in the metadata: ":auth.username".
inline std::string identity_entry_name(std::string_view attribute) {
  return ":auth." + std::string(attribute);
}

}  // namespace millrace
