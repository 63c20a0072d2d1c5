// Answers about kept telemetry: traces, logs, metrics, keys. Each reads the store; on the console's
// loop. Times, cursors and limits are those of openapi.json.
#pragma once

#include "extensions/console/query.h"
#include "extensions/console/scan.h"
#include "extensions/console/trace_index.h"
#include "recent/store.h"
#include "transport/server/server.h"

namespace millrace::extensions::console {

// Answers grow to about this and say that there is more.
inline constexpr size_t kAnswerBytesMax = 4 << 20;

transport::PageReply json_reply(JsonWriter& json, int status = 200);
transport::PageReply bad_request(const Error& error);

transport::PageReply trace_list(const TraceIndex& index, const recent::Store& store,
                                const Query& query, ScanTime time);
// `id`: hex.
transport::PageReply trace_page(const TraceIndex& index, const recent::Store& store,
                                std::string_view id, const Query& query, ScanTime time);
transport::PageReply trace_as_otlp(const TraceIndex& index, std::string_view id);
transport::PageReply log_list(const recent::Store& store, const Query& query, ScanTime time);
transport::PageReply metric_list(const recent::Store& store, const Query& query, ScanTime time);
transport::PageReply metric_series(const recent::Store& store, const Query& query, ScanTime time);
transport::PageReply attribute_list(const recent::Store& store, const Query& query, ScanTime time);
transport::PageReply service_map(const recent::Store& store, ScanTime time);

// One log record as an object; `cursor` names its place.
void write_log(JsonWriter& json, const recent::Store& store, const recent::Record& record,
               const otlp::ResourceView& resource, const otlp::ScopeView& scope,
               otlp::MessageBytes item, const std::string& cursor);

}  // namespace millrace::extensions::console
