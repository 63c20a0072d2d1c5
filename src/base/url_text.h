// URLs without their secrets, for logs, errors, pages, metrics and print-config. User and password,
// the query and the fragment often hold keys, so [REDACTED] replaces them; scheme, host, port and
// path stay. Pure functions; the cost is that of a copy.
#pragma once

#include <string>
#include <string_view>

namespace millrace {

// `url` is a URL or an endpoint without a scheme ("user:password@host:4317"), even malformed.
std::string hide_url_secrets(std::string_view url);

// Applies hide_url_secrets to each URL with a scheme in `text`. A URL ends at a blank, a control
// character, a quote or an angle bracket.
std::string hide_urls(std::string_view text);

}  // namespace millrace
