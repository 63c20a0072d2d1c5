#include "twin.h"

#include <algorithm>
#include <functional>

#include "base/json_string.h"
#include "config/section.h"
#include "generator.h"
#include "memory/testing/test_work.h"
#include "otlp/admit.h"
#include "processors/filter/filter_processor.h"
#include "processors/transform/transform_processor.h"
#include "yaml/parse.h"

namespace millrace::twin {
namespace {

// --- The naive side. Calls `item(in)` for each message of the level; false removes an item.

template <class Scope>
auto& items_of(Scope& scope) {
  if constexpr (requires { scope.mutable_spans(); }) {
    return *scope.mutable_spans();
  } else {
    return *scope.mutable_log_records();
  }
}
template <class Resource>
auto& scopes_of(Resource& resource) {
  if constexpr (requires { resource.mutable_scope_spans(); }) {
    return *resource.mutable_scope_spans();
  } else {
    return *resource.mutable_scope_logs();
  }
}
auto& resources_of(otlp::reference::TraceRequest& request) {
  return *request.mutable_resource_spans();
}
auto& resources_of(otlp::reference::LogsRequest& request) {
  return *request.mutable_resource_logs();
}

template <class Item>
bool visit_item(Item& item, Surroundings in, const std::function<bool(Surroundings&)>& visit) {
  in.attributes = item.mutable_attributes();
  constexpr bool kIsSpan = requires { item.set_kind({}); };
  if constexpr (kIsSpan) {
    in.name = item.mutable_name();
    in.number = item.kind();
  } else {
    in.name = item.mutable_severity_text();
    in.number = item.severity_number();
    in.body = item.mutable_body();
  }
  const bool is_kept = visit(in);
  if (in.number_is_set) {
    if constexpr (kIsSpan) {
      item.set_kind(static_cast<typename Item::SpanKind>(in.number));
    } else {
      item.set_severity_number(
          static_cast<opentelemetry::proto::logs::v1::SeverityNumber>(in.number));
    }
  }
  return is_kept;
}

template <class Request>
void visit(Request& request, Level level, const std::function<bool(Surroundings&)>& visit_one) {
  for (auto& resource : resources_of(request)) {
    Surroundings in;
    in.resource_attributes = resource.mutable_resource()->mutable_attributes();
    if (level == Level::kResource) {
      visit_one(in);
      continue;
    }
    for (auto& scope : scopes_of(resource)) {
      in.scope_name = scope.mutable_scope()->mutable_name();
      if (level == Level::kScope) {
        visit_one(in);
        continue;
      }
      auto& items = items_of(scope);
      for (int i = 0; i < items.size();) {
        if (visit_item(items[i], in, visit_one)) {
          i++;
        } else {
          items.DeleteSubrange(i, 1);
        }
      }
    }
  }
}

template <class List, class IsEmpty>
void remove_empty(List& list, const IsEmpty& is_empty) {
  for (int i = list.size() - 1; i >= 0; i--) {
    if (is_empty(list[i])) list.DeleteSubrange(i, 1);
  }
}

// False: an error refuses the request.
template <class Request>
bool run_naively(const Generated& made, Request& request) {
  bool is_refused = false;
  for (const Group& group : made.groups) {
    visit(request, group.level, [&](Surroundings& in) {
      for (const Statement& statement : group.statements) {
        try {
          run(statement, in);
        } catch (const Failure&) {
          is_refused |= made.propagates;
        }
        if (is_refused) break;
      }
      return true;
    });
  }
  if (made.conditions.empty()) return !is_refused;
  visit(request, Level::kItem, [&](Surroundings& in) {
    for (const Condition& condition : made.conditions) {
      try {
        if (holds(condition, in)) return false;
      } catch (const Failure&) {
        is_refused |= made.propagates;
      }
    }
    return true;
  });
  for (auto& resource : resources_of(request)) {
    remove_empty(scopes_of(resource), [](auto& scope) { return items_of(scope).empty(); });
  }
  remove_empty(resources_of(request), [](auto& resource) { return scopes_of(resource).empty(); });
  return !is_refused;
}

// Absent messages and those without content are the same.
void fill_in(KeyValues& list) {
  for (auto& entry : list) entry.mutable_value();
}
template <class Request>
std::string normal_text(Request& request) {
  for (auto& resource : resources_of(request)) {
    fill_in(*resource.mutable_resource()->mutable_attributes());
    for (auto& scope : scopes_of(resource)) {
      scope.mutable_scope();
      for (auto& item : items_of(scope)) {
        fill_in(*item.mutable_attributes());
        if constexpr (requires { item.mutable_body(); }) item.mutable_body();
      }
    }
  }
  return request.ShortDebugString();
}

// --- The processors.

std::string config_of(const Generated& made) {
  std::string text =
      std::string("{\"error_mode\": \"") + (made.propagates ? "propagate" : "ignore") + "\", ";
  const auto list_of = [&](const auto& rules) {
    std::string list;
    for (const auto& rule : rules) {
      list += (list.empty() ? "" : ", ") + json_string(text_of(rule, made.is_log));
    }
    return "[" + list + "]";
  };
  if (!made.conditions.empty()) {
    return text + (made.is_log ? "\"logs\": {\"log_record\": " : "\"traces\": {\"span\": ") +
           list_of(made.conditions) + "}}";
  }
  text += made.is_log ? "\"log_statements\": [" : "\"trace_statements\": [";
  for (const Group& group : made.groups) {
    const char* const context = group.level == Level::kResource ? "resource"
                                : group.level == Level::kScope  ? "scope"
                                : made.is_log                   ? "log"
                                                                : "span";
    text += std::string(&group == made.groups.data() ? "" : ", ") + "{\"context\": \"" + context +
            "\", \"statements\": " + list_of(group.statements) + "}";
  }
  return text + "]}";
}

// INVALID_ARGUMENT: the processor refuses the request. INTERNAL: it refuses its configuration.
Result<Bytes> run_processor(const Generated& made, const Bytes& request, uint32_t item_count) {
  static testing::TestWork own;
  static Random random(1);
  static const std::function<WallTime()> clock = [] { return WallTime(); };
  static const std::string name = "twin";
  const auto root = yaml::parse(config_of(made), "twin.yaml");
  if (!root) return fail(Code::kInternal, root.error().message);
  config::Diagnostics diagnostics;
  config::Section section(*root, diagnostics, "processors::twin");
  const Signal signal = made.is_log ? Signal::kLogs : Signal::kTraces;
  const rules::Environment environment{.wall_clock = &clock, .random = &random};
  Logger log({}, nullptr, nullptr);
  metrics::Registry metrics;
  const auto tally_of = [&](const std::vector<std::string>& texts) {
    return std::make_shared<rules::Tally>(
        rules::TallyOptions{.processor = name, .signal = signal, .rules = texts}, metrics, log);
  };
  std::unique_ptr<pipeline::Processor> processor;
  if (made.conditions.empty()) {
    auto options = std::make_shared<processors::transform::Options>();
    processors::transform::read_options(section, options.get());
    processor = processors::transform::make_transform_processor(
        options, signal, tally_of(options->texts[index_of(signal)]), environment);
  } else {
    auto options = std::make_shared<processors::filter::Options>();
    processors::filter::read_options(section, options.get());
    processor = processors::filter::make_filter_processor(
        {.name = name,
         .signal = signal,
         .options = options,
         .tally = tally_of(options->signals[index_of(signal)].texts),
         .metrics = metrics,
         .environment = environment});
  }
  section.finish();
  if (diagnostics.has_errors()) return fail(Code::kInternal, diagnostics.to_text());
  pipeline::Payload payload;
  payload.signal = signal;
  payload.bytes = Rope(request);
  payload.item_count = item_count;
  const auto result = processor->process(payload, own.work);
  if (!result) return fail(result.error());
  return Bytes::copy_of(payload.bytes.to_bytes().view());
}

template <class Request>
std::string compare(const Generated& made, Request request) {
  const Bytes bytes = Bytes::copy_of(request.SerializeAsString());
  const Signal signal = made.is_log ? Signal::kLogs : Signal::kTraces;
  const auto admitted = otlp::admit(signal, bytes.view());
  if (!admitted) return "not admitted: " + request.ShortDebugString();
  if (admitted->item_count == 0) return {};
  const std::string before = request.ShortDebugString();
  const std::string expected = run_naively(made, request) ? normal_text(request) : "refused";
  const Result<Bytes> after = run_processor(made, bytes, admitted->item_count);
  std::string seen;
  if (!after) {
    seen = after.error().code == Code::kInvalidArgument ? "refused" : after.error().message;
  } else {
    Request decoded;
    if (!otlp::reference::parse(after->view(), &decoded)) return "not protobuf any more";
    seen = normal_text(decoded);
  }
  if (seen == expected) return {};
  return config_of(made) + "\nrequest:   " + before + "\nprocessor: " + seen +
         "\nnaive:     " + expected + "\n";
}

}  // namespace

std::string compare_once(std::span<const uint8_t> choices) {
  const Generated made = generate(choices);
  return made.is_log ? compare(made, made.logs) : compare(made, made.traces);
}

}  // namespace millrace::twin
