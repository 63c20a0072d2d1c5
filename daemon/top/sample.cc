#include "daemon/top/sample.h"

#include "daemon/terminal_text/units.h"

namespace millrace::top {
namespace {

using json_answer::JsonAnswer;

std::string joined(const std::vector<std::string>& texts) {
  std::string all;
  for (const std::string& text : texts) all += (all.empty() ? "" : ", ") + text;
  return all;
}

void read_status(const JsonAnswer& answer, Sample& into) {
  into.at_ms = answer.number("now_ms").value_or(0);
  into.version = answer.text("version");
  into.uptime_s = answer.real("uptime_s").value_or(0);
  into.is_accepting = answer.flag("is_accepting");
  into.is_draining = answer.flag("is_draining");
  into.workers = answer.number("workers").value_or(0);
  into.alerts = answer.texts("alerts");
}

void read_memory(const JsonAnswer& answer, Sample& into) {
  into.memory_used = answer.number("used_bytes").value_or(0);
  into.memory_limit = answer.number("limit_bytes").value_or(0);
  into.memory_peak = answer.number("peak_bytes").value_or(0);
}

void read_pipelines(const JsonAnswer& answer, Sample& into) {
  answer.each("receivers", [&](const JsonAnswer& each) {
    into.receivers.push_back({.name = each.text("name"),
                              .signal = each.text("signal"),
                              .accepted = each.number("accepted_items").value_or(0),
                              .refused = each.number("refused_items").value_or(0)});
  });
  answer.each("pipelines", [&](const JsonAnswer& each) {
    std::string way = joined(each.texts("receivers"));
    for (const std::string& processor : each.texts("processors")) way += " > " + processor;
    way += " > " + joined(each.texts("exporters"));
    into.pipelines.push_back({.id = each.text("id"),
                              .way = way,
                              .admitted = each.number("admitted_items").value_or(0),
                              .filtered = each.number("filtered_items").value_or(0),
                              .sampled_out = each.number("sampled_out_items").value_or(0)});
  });
  answer.each("destinations", [&](const JsonAnswer& each) {
    const auto number = [&](std::string_view name) { return each.number(name).value_or(0); };
    into.destinations.push_back(
        {.name = each.text("name"),
         .signal = each.text("signal"),
         .sent = number("sent_items"),
         .failed = terminal_text::sum_of(number("failed_items"), number("enqueue_failed_items")),
         .retries = number("retries"),
         .queue = number("queue_size"),
         .queue_capacity = number("queue_capacity"),
         .in_flight = number("in_flight"),
         .consecutive_failures = number("consecutive_failures"),
         .is_breaker_open = each.flag("is_breaker_open"),
         .oldest_age_s = each.real("oldest_age_s"),
         .last_answer = each.text("last_answer")});
  });
}

void read_refusals(const JsonAnswer& answer, Sample& into) {
  answer.each("refusals", [&](const JsonAnswer& each) {
    into.refusals.push_back({.at_ms = each.number("at_ms").value_or(0),
                             .receiver = each.text("receiver"),
                             .reason = each.text("reason"),
                             .detail = each.text("detail"),
                             .peer = each.text("peer"),
                             .count = each.number("count").value_or(1)});
  });
}

}  // namespace

void read_part(size_t part, const JsonAnswer& answer, Sample& into) {
  using Read = void (*)(const JsonAnswer&, Sample&);
  constexpr Read kReads[] = {read_status, read_memory, read_pipelines, read_refusals};
  static_assert(std::size(kReads) == std::size(kPaths));
  kReads[part](answer, into);
}

}  // namespace millrace::top
