// The console: the page and its API as routes of a server. Enter here.
//
// Belongs to the loop of the server that serves the routes; a loop of its own, so that an answer
// that reads all of the recent telemetry delays no worker.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "extensions/console/answer_cache.h"
#include "extensions/console/event_stream.h"
#include "extensions/console/flow_watch.h"
#include "extensions/console/guard.h"
#include "extensions/console/history.h"
#include "extensions/console/mcp/mcp_server.h"
#include "extensions/console/query.h"
#include "extensions/console/recent_flow.h"
#include "extensions/console/source.h"
#include "extensions/console/tap_stream.h"
#include "extensions/console/trace_index.h"
#include "transport/server/server.h"

namespace millrace::extensions::console {

class Console {
 public:
  struct Parts {
    io::Loop* loop = nullptr;
    Source* source = nullptr;
    const recent::Store* store = nullptr;
    recent::SenderTable* senders = nullptr;
    const recent::RefusalList* refusals = nullptr;
    recent::EdgeTaps* taps = nullptr;
    const recent::EdgeFlow* flow = nullptr;
    const RulesOfPipelines* rules = nullptr;
    ChunkPool* pool = nullptr;
    std::string token;
  };
  explicit Console(Parts parts);

  // For the server on the console's loop, which ends before this.
  std::vector<transport::PageRoute> routes();

 private:
  using Answer = std::function<transport::PageReply(const transport::PageRequest&, const Query&)>;
  struct Route {
    std::string path;  // exact, or a prefix when it ends in '*'
    std::string method = "GET";
    Answer answer;
  };
  void add_collector_routes();
  void add_telemetry_routes();
  transport::PageReply answer_api(const transport::PageRequest& request);
  transport::PageReply answer_page(const transport::PageRequest& request);
  transport::PageReply answer_mcp(const transport::PageRequest& request);
  using Unguarded = transport::PageReply (Console::*)(const transport::PageRequest&);
  transport::PageHandler guarded(GuardedPart part, Unguarded answer);
  transport::PageReply answer_trace(const transport::PageRequest& request, const Query& query);

  Parts parts_;
  RecentFlow flow_;  // what the routes have as parts_.source
  FlowWatch points_;
  TraceIndex traces_;
  AnswerCache answers_;
  EventStream events_;
  TapStreams taps_;
  History history_;
  std::vector<Route> routes_;
  const mcp::McpServer mcp_;
};

}  // namespace millrace::extensions::console
