#include "daemon/replay/replay_result.h"

#include <fmt/format.h>

#include <utility>

#include "base/json_string.h"
#include "daemon/otlp_client/option_values.h"
#include "dead_letter/line.h"
#include "wire/utf8.h"

namespace millrace::replay {
namespace {

constexpr size_t kUnreadableShown = 20;
constexpr size_t kRefusalsShown = 20;
constexpr size_t kAnswerShown = 500;

std::string json(std::string_view text) { return json_string(wire::to_utf8(text)); }

std::string json(const Count& count) {
  return fmt::format(R"({{"requests":{},"items":{}}})", count.requests, count.items);
}

std::string plural(uint64_t count, std::string_view word) {
  return fmt::format("{} {}{}", count, word, count == 1 ? "" : "s");
}

}  // namespace

void ReplayResult::note_unreadable(Unreadable one) {
  ++unreadable_count;
  if (unreadable.size() < kUnreadableShown) unreadable.push_back(std::move(one));
}

void ReplayResult::note_refusal(const std::string& answer) {
  const std::string shown = wire::to_utf8(answer, kAnswerShown);
  if (refusals.size() < kRefusalsShown || refusals.contains(shown)) {
    ++refusals[shown];
  } else {
    ++refusals["other answers"];
  }
}

Count ReplayResult::read() const {
  Count all;
  for (const Count* one : {&accepted, &refused, &given_up, &not_sent, &empty, &skipped}) {
    all.requests += one->requests;
    all.items += one->items;
  }
  all.items += rejected_items;
  return all;
}

std::string to_text(const ReplayResult& result, bool is_dry_run) {
  const Count read = result.read();
  std::string text = fmt::format("{} read, {} items", plural(read.requests, "request"), read.items);
  if (result.skipped.requests > 0) {
    text += fmt::format(", {} of other destinations passed over", result.skipped.requests);
  }
  if (result.empty.requests > 0) text += fmt::format(", {} without items", result.empty.requests);
  text += "\n";
  if (is_dry_run) {
    for (const auto& [kind, count] : result.kinds) {
      text +=
          fmt::format("  {}: {}, {} items\n", kind, plural(count.requests, "request"), count.items);
    }
    text += "nothing was sent: dry run\n";
  } else {
    text += fmt::format("{} accepted ({} items), {} refused, {} given up, {} not sent; {}\n",
                        plural(result.accepted.requests, "request"), result.accepted.items,
                        result.refused.requests, result.given_up.requests, result.not_sent.requests,
                        load::duration_text(result.elapsed));
  }
  if (result.rejected_items > 0) {
    text += fmt::format("{} of accepted requests were rejected by the destination\n",
                        plural(result.rejected_items, "item"));
  }
  if (!result.warning.empty()) text += "the destination warned: " + result.warning + "\n";
  if (result.retries > 0) text += plural(result.retries, "attempt") + " repeated\n";
  for (const auto& [answer, count] : result.refusals) {
    text += fmt::format("  {} × {}\n", count, answer);
  }
  if (result.unreadable_count > 0) {
    text += plural(result.unreadable_count, "record") + " could not be read:\n";
    for (const Unreadable& one : result.unreadable)
      text += "  " + one.where + ": " + one.why + "\n";
    if (result.unreadable_count > result.unreadable.size()) {
      text += fmt::format("  and {} more\n", result.unreadable_count - result.unreadable.size());
    }
  }
  if (result.unwritten_rejected > 0) {
    text += plural(result.unwritten_rejected, "request") +
            " could not be written to the file of --rejected\n";
  }
  if (!result.stopped_because.empty()) text += "stopped: " + result.stopped_because + "\n";
  return text;
}

std::string to_json(const ReplayResult& result, bool is_dry_run) {
  std::string unreadable;
  for (const Unreadable& one : result.unreadable) {
    unreadable += fmt::format(R"({}{{"where":{},"why":{}}})", unreadable.empty() ? "" : ",",
                              json(one.where), json(one.why));
  }
  std::string refusals;
  for (const auto& [answer, count] : result.refusals) {
    refusals += fmt::format("{}{}:{}", refusals.empty() ? "" : ",", json(answer), count);
  }
  return fmt::format(
      R"({{"dry_run":{},"read":{},"accepted":{},"refused":{},"given_up":{},"not_sent":{},)"
      R"("empty":{},"skipped":{},"rejected_items":{},"retries":{},"unreadable_count":{},)"
      R"("unreadable":[{}],"refusals":{{{}}},"warning":{},"unwritten_rejected":{},)"
      R"("stopped_because":{},"seconds":{:.6f}}})"
      "\n",
      is_dry_run, json(result.read()), json(result.accepted), json(result.refused),
      json(result.given_up), json(result.not_sent), json(result.empty), json(result.skipped),
      result.rejected_items, result.retries, result.unreadable_count, unreadable, refusals,
      json(result.warning), result.unwritten_rejected, json(result.stopped_because),
      static_cast<double>(result.elapsed.count()) / 1e9);
}

}  // namespace millrace::replay
