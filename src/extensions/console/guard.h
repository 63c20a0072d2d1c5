// Whether a request to the console may be answered: by its token, and by where its page came from.
//
// Without a token the console listens on this machine only. A page of another site must not read it
// through a browser here, also when the site lets its own name mean 127.0.0.1 (DNS rebinding): Host
// must name this machine, Origin must be the console's own. Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "transport/server/server.h"

namespace millrace::extensions::console {

enum class GuardedPart : uint8_t {
  kPage,  // the files of the page, which hold no data: served without a token
  kApi,
};

// The refusal, or nothing. `token`: empty when none is configured.
std::optional<transport::PageReply> refuse(const transport::PageRequest& request,
                                           std::string_view token, GuardedPart part);
// {"error":{"code":…,"message":…}}
transport::PageReply error_reply(int status, std::string_view code, std::string_view message);
// The fields that every answer has: nothing is run or embedded, guessed or stored.
void add_security_fields(transport::PageReply& reply);
// A name or address of this machine alone: "localhost", "127.0.0.1", "[::1]".
bool is_loopback(std::string_view host);

}  // namespace millrace::extensions::console
