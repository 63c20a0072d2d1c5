// URLs as people may see them: in logs, errors, pages, metrics and print-config. User and password,
// the query and the fragment are often keys, so they are shown as [REDACTED]; scheme, host, port
// and path stay. Pure functions; the cost is that of a copy.
#pragma once

#include <string>
#include <string_view>

namespace millrace {

// Of one URL, or an endpoint without a scheme ("user:password@host:4317"), well-formed or not.
std::string hide_url_secrets(std::string_view url);

// Of each URL with a scheme that stands in a text. One ends at a blank, a control character, a
// quote or an angle bracket.
std::string hide_urls(std::string_view text);

}  // namespace millrace
