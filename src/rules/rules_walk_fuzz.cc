// Statements and conditions run on any admitted request. What statements make is admitted again
// with the same items, and is what a condition then finds; what conditions keep they keep again,
// and the counts agree. A walk that looks for the texts of conditions keeps what one keeps that
// visits every item.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "memory/testing/test_work.h"
#include "otlp/admit.h"
#include "otlp/otlp_reference.h"
#include "ottl/compile.h"
#include "rules/condition_run.h"
#include "rules/statement_run.h"

namespace {

using namespace millrace;
using ottl::Context;

struct Case {
  Context context;
  const char* statement;
  const char* not_done;  // holds where the statement has not done its work; null: anywhere
};
constexpr Case kCases[] = {
    {Context::kSpan, R"(set(span.attributes["x"], 1))", R"(span.attributes["x"] != 1)"},
    {Context::kSpan, R"(set(span.attributes["a"]["b"], span.name) where IsRootSpan())", nullptr},
    {Context::kSpan, R"(set(span.status.code, 2))", "span.status.code != 2"},
    {Context::kSpan, R"(set(span.name, "n"))", "span.name != \"n\""},
    {Context::kSpan, R"(delete_matching_keys(span.attributes, "."))", nullptr},
    {Context::kSpan, R"(set(span.events, span.events))", nullptr},
    {Context::kSpan, R"(set(resource.attributes["x"], span.name))", nullptr},
    {Context::kSpan, R"(set(scope.name, "s"))", "scope.name != \"s\""},
    {Context::kSpanEvent, R"(set(spanevent.name, "e"))", "spanevent.name != \"e\""},
    {Context::kSpanEvent, R"(set(span.attributes["e"], spanevent.name))", nullptr},
    {Context::kResource, R"(set(resource.attributes["x"], 1))", R"(resource.attributes["x"] != 1)"},
    {Context::kResource, R"(set(resource.schema_url, "u"))", R"(resource.schema_url != "u")"},
    {Context::kScope, R"(set(scope.attributes["x"], 1))", R"(scope.attributes["x"] != 1)"},
    {Context::kLog, R"(set(log.body, "b"))", R"(log.body != "b")"},
    {Context::kLog, R"(merge_maps(log.attributes, log.body, "upsert") where IsMap(log.body))",
     nullptr},
    {Context::kLog, R"(set(resource.attributes["last"], log.body))", nullptr},
    {Context::kMetric, R"(set(metric.name, "m"))", R"(metric.name != "m")"},
    {Context::kDataPoint, R"(set(datapoint.attributes["x"], 1))",
     R"(datapoint.attributes["x"] != 1)"},
    {Context::kDataPoint, R"(set(metric.description, "d"))", R"(metric.description != "d")"},
};

// Conditions that need texts.
struct TextCase {
  Context context;
  const char* condition;
};
constexpr TextCase kTextCases[] = {
    {Context::kSpan, R"(span.name == "GET /api/cart")"},
    {Context::kSpan, R"(span.attributes["text"] == "x" or span.attributes["ratio"] > 0)"},
    {Context::kSpan, R"(IsMatch(span.name, "^(GET|POST) /"))"},
    {Context::kSpan, R"(IsMatch(span.attributes["list"], "a"))"},
    {Context::kSpan, R"(span.kind == 2 and span.status.message == "broken")"},
    {Context::kLog, R"(log.attributes["flag"] == true)"},
    {Context::kLog, R"(log.severity_text == "INFO")"},
    {Context::kLog, R"(log.attributes["map"]["inner"] == "value")"},
};

struct Prepared {
  std::vector<rules::StatementGroup> groups;
  std::vector<rules::Stage> stages;
  std::vector<std::vector<rules::ConditionList>> sets;
  std::vector<rules::ConditionStage> condition_stages;
};

Prepared prepare(const Case& from) {
  Prepared made;
  const ottl::Surroundings in{from.context, ottl::Prefix::kRequired};
  auto& group = made.groups.emplace_back();
  group.context = from.context;
  auto statement = ottl::compile_statement(from.statement, in);
  MILLRACE_CHECK(statement.has_value());
  group.statements.push_back(std::move(*statement));
  auto& list = made.sets.emplace_back().emplace_back();
  list.context = from.context;
  auto condition = ottl::compile_condition(from.not_done == nullptr ? "false" : from.not_done, in);
  MILLRACE_CHECK(condition.has_value());
  list.conditions.push_back(std::move(*condition));
  made.stages = rules::make_stages(made.groups);
  made.condition_stages = rules::make_condition_stages(made.sets);
  return made;
}

Prepared prepare(const TextCase& from) {
  Prepared made;
  auto& list = made.sets.emplace_back().emplace_back();
  list.context = from.context;
  auto condition = ottl::compile_condition(from.condition, {from.context, ottl::Prefix::kRequired});
  MILLRACE_CHECK(condition.has_value());
  list.conditions.push_back(std::move(*condition));
  made.condition_stages = rules::make_condition_stages(made.sets);
  MILLRACE_CHECK(!made.condition_stages[0].walk.required_texts.empty());
  // The same without a search.
  made.condition_stages.push_back(made.condition_stages[0]);
  made.condition_stages[1].walk.required_texts.clear();
  return made;
}

const std::vector<Prepared>& text_cases() {
  static const std::vector<Prepared> all = [] {
    std::vector<Prepared> made;
    for (const TextCase& each : kTextCases) made.push_back(prepare(each));
    return made;
  }();
  return all;
}

const std::vector<Prepared>& cases() {
  static const std::vector<Prepared> all = [] {
    std::vector<Prepared> made;
    for (const Case& each : kCases) made.push_back(prepare(each));
    return made;
  }();
  return all;
}

Bytes bytes_of(const Rope& rope) {
  std::vector<uint8_t> bytes(rope.size());
  if (!bytes.empty()) rope.copy_to(bytes.data());
  return Bytes::copy_of(bytes);
}

uint32_t admitted_count(Signal signal, const Rope& request) {
  const Bytes bytes = bytes_of(request);
  const auto admitted = otlp::admit(signal, bytes.view());
  MILLRACE_CHECK(admitted.has_value());
  return admitted->item_count;
}

ottl::Walked filter(const Prepared& with, rules::Tally& tally, Signal signal, const Rope& request,
                    Work& work, size_t stage = 0) {
  rules::ConditionRun run(tally, {});
  run.begin(with.condition_stages[stage]);
  auto walked = walk_request(with.condition_stages[stage].walk, signal, request, run, work);
  MILLRACE_CHECK(walked.has_value());
  MILLRACE_CHECK(admitted_count(signal, walked->request) + walked->removed_count ==
                 admitted_count(signal, request));
  return std::move(*walked);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto [signal, choice, message] = otlp::reference::read_input({data, size});
  size_t index = choice % std::size(kCases);
  while (!belongs_to(kCases[index].context, signal)) index = (index + 1) % std::size(kCases);
  if (!otlp::admit(signal, message.view())) return 0;
  // Two pieces, so that a ResourceX may lie in both.
  const size_t cut = message.size() * choice / 256;
  Rope request(Bytes(message.slice(0, cut)));
  request.append(Bytes::copy_of(message.view().subspan(cut)));

  testing::TestWork own;
  Logger log({}, {}, [] { return 0; });
  metrics::Registry registry;
  rules::Tally tally({.rules = {kCases[index].statement}}, registry, log);
  const Prepared& with = cases()[index];

  Rope changed;
  {
    rules::StatementRun run(tally, {}, own.budget);
    run.begin(with.stages[0]);
    auto walked = walk_request(with.stages[0].walk, signal, request, run, own.work);
    MILLRACE_CHECK(walked.has_value());
    MILLRACE_CHECK(walked->removed_count == 0);
    MILLRACE_CHECK(admitted_count(signal, walked->request) == admitted_count(signal, request));
    changed = std::move(walked->request);
  }
  MILLRACE_CHECK(filter(with, tally, signal, changed, own.work).removed_count == 0);
  const ottl::Walked kept = filter(with, tally, signal, request, own.work);
  const ottl::Walked again = filter(with, tally, signal, kept.request, own.work);
  MILLRACE_CHECK(again.removed_count == 0);
  MILLRACE_CHECK(bytes_of(again.request).text() == bytes_of(kept.request).text());

  for (size_t i = 0; i < std::size(kTextCases); i++) {
    if (!belongs_to(kTextCases[i].context, signal)) continue;
    const Prepared& text_case = text_cases()[i];
    const ottl::Walked searched = filter(text_case, tally, signal, request, own.work);
    const ottl::Walked visited = filter(text_case, tally, signal, request, own.work, 1);
    MILLRACE_CHECK(searched.removed_count == visited.removed_count);
    MILLRACE_CHECK(bytes_of(searched.request).text() == bytes_of(visited.request).text());
  }
  return 0;
}
