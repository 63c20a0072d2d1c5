// Answers of HTTP that are not the reply of a handler: refusals, pages, CORS; and the fields that
// every HTTP answer carries. The same for HTTP/1.1 and HTTP/2. Pure functions.
#pragma once

#include <string>
#include <string_view>

#include "http/header_list.h"
#include "transport/server/reply_mapping.h"
#include "transport/server/request_routing.h"
#include "transport/server/server.h"

namespace millrace::transport {

// The reply of the handler of an OTLP request, in the format and style of its route.
HttpReply answer_reply(const Reply& reply, const RequestPlan& plan);
HttpReply answer_refusal(const RequestPlan& plan);
PageRequest page_request_of(const http::HeaderList& head, const PageRoute& route);
HttpReply answer_page(PageReply page);
// To OPTIONS with an Origin: 204, and what is allowed when the origin is. `method`: POST or GET.
HttpReply answer_preflight(const http::HeaderList& head, const CorsOptions& cors,
                           std::string_view method);
// Access-Control fields for an answer to that origin (empty: none was sent), response_headers.
void add_common_fields(HttpReply& answer, const ServerOptions& options, std::string_view origin);

}  // namespace millrace::transport
