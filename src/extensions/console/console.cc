#include "extensions/console/console.h"

#include <utility>

#include "extensions/console/collector_pages.h"
#include "extensions/console/openapi.h"
#include "extensions/console/page/page_files.h"
#include "extensions/console/telemetry_pages.h"

namespace millrace::extensions::console {
namespace {

using transport::PageReply;
using transport::PageRequest;

constexpr std::string_view kApi = "/api/v1/";
constexpr std::string_view kTrace = "/api/v1/traces/";
constexpr std::string_view kMcp = "/mcp";

PageReply page_file(const PageRequest& request) {
  const std::string_view path =
      request.path == "/" ? std::string_view("/index.html") : request.path;
  for (const PageFile& file : page_files()) {
    if (file.path != path) continue;
    return {.status = 200,
            .content_type = std::string(file.content_type),
            .body = std::string(as_text(file.gzip)),
            .fields = {{"content-encoding", "gzip"}}};
  }
  return error_reply(404, "not_found", "no such page");
}

}  // namespace

PageReply json_reply(JsonWriter& json, int status) {
  return {.status = status, .content_type = "application/json", .body = json.take()};
}

PageReply bad_request(const Error& error) { return error_reply(400, "bad_request", error.message); }

Console::Console(Parts parts)
    : parts_(std::move(parts)),
      flow_(*parts_.loop, *std::exchange(parts_.source, &flow_)),
      points_(*parts_.loop, *parts_.taps, *parts_.flow),
      traces_(*parts_.store),
      answers_(*parts_.loop, *parts_.store),
      events_({.loop = parts_.loop,
               .source = parts_.source,
               .store = parts_.store,
               .senders = parts_.senders,
               .refusals = parts_.refusals}),
      taps_({.loop = parts_.loop,
             .source = parts_.source,
             .taps = parts_.taps,
             .rules = parts_.rules,
             .pool = parts_.pool}),
      history_(*parts_.loop, *parts_.source),
      mcp_(std::string(parts_.source->facts().version),
           [this](const std::string& path, const std::string& query) {
             return answer_api({.method = "GET", .path = path, .query = query});
           }) {
  add_collector_routes();
  add_telemetry_routes();
}

void Console::add_collector_routes() {
  const auto add = [this](std::string path, std::function<void(JsonWriter&)> write) {
    routes_.push_back({.path = std::move(path),
                       .answer = [write = std::move(write)](const PageRequest&, const Query&) {
                         JsonWriter json;
                         write(json);
                         return json_reply(json);
                       }});
  };
  add("/api/v1/status", [this](JsonWriter& json) {
    write_status(json, parts_.source->facts(), parts_.source->state(), *parts_.store);
  });
  add("/api/v1/senders", [this](JsonWriter& json) { write_senders(json, *parts_.senders); });
  add("/api/v1/pipelines", [this](JsonWriter& json) {
    points_.look();
    write_pipelines(json, parts_.source->facts(), parts_.source->state(), points_);
  });
  add("/api/v1/edges", [this](JsonWriter& json) { write_edges(json, parts_.source->facts()); });
  add("/api/v1/ledger", [this](JsonWriter& json) {
    const State state = parts_.source->state();
    history_.losses().look(state);
    write_ledger(json, state, history_.losses());
  });
  add("/api/v1/history", [this](JsonWriter& json) { history_.write(json); });
  add("/api/v1/memory", [this](JsonWriter& json) { write_memory(json, parts_.source->state()); });
  routes_.push_back({.path = "/api/v1/refusals", .answer = [this](const auto&, const Query& query) {
                       const auto limit = query.number("limit", 50, 1, 200);
                       if (!limit) return bad_request(limit.error());
                       JsonWriter json;
                       write_refusals(json, parts_.refusals->newest(*limit),
                                      parts_.refusals->total());
                       return json_reply(json);
                     }});
  routes_.push_back({.path = "/api/v1/events",
                     .answer = [this](const auto&, const auto&) { return events_.connect(); }});
  routes_.push_back({.path = "/api/v1/tap", .answer = [this](const auto&, const Query& query) {
                       return taps_.connect(query);
                     }});
  routes_.push_back({.path = "/api/v1/openapi.json", .answer = [](const auto&, const auto&) {
                       return PageReply{.content_type = "application/json",
                                        .body = std::string(openapi_text())};
                     }});
  routes_.push_back(
      {.path = "/api/v1/test-trace", .method = "POST", .answer = [this](const auto&, const auto&) {
         const auto id = parts_.source->send_test_trace();
         if (!id) {
           return error_reply(503, "no_pipeline", "no pipeline takes traces now");
         }
         JsonWriter json;
         json.open_object().member("trace_id", *id).close_object();
         return json_reply(json, 202);
       }});
}

void Console::add_telemetry_routes() {
  const auto time = [this] {
    return ScanTime([loop = parts_.loop] { return loop->read_clock(); });
  };
  routes_.push_back({.path = "/api/v1/traces",
                     .answer = [this, time](const PageRequest& request, const Query& query) {
                       return answers_.answer(request.path + "?" + request.query, [&] {
                         traces_.update();
                         return trace_list(traces_, *parts_.store, query, time());
                       });
                     }});
  routes_.push_back({.path = std::string(kTrace) + "*",
                     .answer = [this](const PageRequest& request, const Query& query) {
                       return answer_trace(request, query);
                     }});
  using Page = PageReply (*)(const recent::Store&, const Query&, ScanTime);
  const auto add = [this, time](std::string path, Page page) {
    routes_.push_back(
        {.path = std::move(path), .answer = [this, time, page](const auto&, const Query& query) {
           return page(*parts_.store, query, time());
         }});
  };
  add("/api/v1/logs", log_list);
  add("/api/v1/metrics", metric_list);
  add("/api/v1/series", metric_series);
  const auto add_survey = [this](std::string path, Page page) {
    routes_.push_back({.path = std::move(path),
                       .answer = [this, page](const PageRequest& request, const Query& query) {
                         return answers_.answer(request.path + "?" + request.query, [&] {
                           const ScanTime limit([loop = parts_.loop] { return loop->read_clock(); },
                                                ScanTime::kMostOfSurvey);
                           return page(*parts_.store, query, limit);
                         });
                       }});
  };
  add_survey("/api/v1/attributes", attribute_list);
  add_survey("/api/v1/service-map", [](const recent::Store& store, const Query&, ScanTime limit) {
    return service_map(store, std::move(limit));
  });
}

PageReply Console::answer_trace(const PageRequest& request, const Query& query) {
  traces_.update();
  std::string_view id = std::string_view(request.path).substr(kTrace.size());
  constexpr std::string_view kOtlp = "/otlp";
  if (id.ends_with(kOtlp)) {
    id.remove_suffix(kOtlp.size());
    return trace_as_otlp(traces_, id);
  }
  return trace_page(traces_, *parts_.store, id, query,
                    ScanTime([loop = parts_.loop] { return loop->read_clock(); }));
}

PageReply Console::answer_api(const PageRequest& request) {
  const bool is_get = request.method == "GET" || request.method == "HEAD";
  for (const Route& route : routes_) {
    const std::string_view path = route.path;
    const bool is_it = path.ends_with('*')
                           ? request.path.starts_with(path.substr(0, path.size() - 1))
                           : request.path == path;
    if (!is_it) continue;
    if (route.method == "GET" ? !is_get : request.method != route.method) {
      PageReply reply = error_reply(405, "wrong_method", "use " + route.method);
      reply.fields.push_back({"allow", route.method});
      return reply;
    }
    const auto query = Query::parse(request.query);
    return query ? route.answer(request, *query) : bad_request(query.error());
  }
  return error_reply(404, "not_found", "no such path; /api/v1/openapi.json lists them");
}

PageReply Console::answer_page(const PageRequest& request) {
  const bool is_get = request.method == "GET" || request.method == "HEAD";
  return is_get ? page_file(request) : error_reply(405, "wrong_method", "use GET");
}

transport::PageHandler Console::guarded(GuardedPart part, Unguarded answer) {
  return [this, part, answer](const PageRequest& request) {
    auto refusal = refuse(request, parts_.token, part);
    PageReply reply = refusal ? std::move(*refusal) : (this->*answer)(request);
    add_security_fields(reply);
    return reply;
  };
}

PageReply Console::answer_mcp(const PageRequest& request) { return mcp_.answer(request); }

std::vector<transport::PageRoute> Console::routes() {
  return {{.path = std::string(kApi) + "*",
           .handler = guarded(GuardedPart::kApi, &Console::answer_api)},
          {.path = std::string(kMcp),
           .handler = guarded(GuardedPart::kApi, &Console::answer_mcp),
           .body_bytes_max = mcp::kMessageBytesMax,
           .wanted_fields = mcp::McpServer::wanted_fields()},
          {.path = "/*", .handler = guarded(GuardedPart::kPage, &Console::answer_page)}};
}

}  // namespace millrace::extensions::console
