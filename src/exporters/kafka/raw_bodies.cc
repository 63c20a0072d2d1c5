#include "exporters/kafka/raw_bodies.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "otlp/rope_writer.h"
#include "otlp/value_text.h"
#include "otlp/views.h"

namespace millrace::exporters::kafka {
namespace {

using otlp::AnyValueView;
using otlp::MessageBytes;

constexpr std::string_view kDoing = "writing log bodies";
constexpr uint32_t kBodyField = 5;  // LogRecord.body

// Go's encoder escapes these in JSON unless told otherwise; they stand in strings only.
std::string escape_html(std::string_view json) {
  std::string text;
  text.reserve(json.size());
  for (const char c : json) {
    if (c == '<') {
      text += "\\u003c";
    } else if (c == '>') {
      text += "\\u003e";
    } else if (c == '&') {
      text += "\\u0026";
    } else {
      text += c;
    }
  }
  return text;
}

AnyValueView body_of(MessageBytes record, Pace& pace) {
  MessageBytes body;
  otlp::MessageReader reader(record, kBodyField, &pace);
  for (MessageBytes part; reader.next(&part);) body = part;
  return AnyValueView::read(body, &pace);
}

// Writes one body after the other, and remembers where each ends.
class BodyWriter {
 public:
  explicit BodyWriter(Work& work)
      : work_(work), out_(work, work.pool.budget().limit_of_messages(), kDoing) {
    out_.let_pass_the_limit();
  }

  Status add(const AnyValueView& body) {
    if (body.type == AnyValueView::Type::kEmpty) return {};
    if (body.type == AnyValueView::Type::kBytes) return put(body.text);
    const size_t bytes = (body.text.size() + body.members.size()) * otlp::kTextBytesPerByte;
    const Reservation memory =
        Reservation::try_make_to_drain(work_.pool.budget(), MemoryTerm::kWork, bytes);
    if (!memory && bytes > 0) return fail(no_memory(kDoing, bytes, work_.pool.budget()));
    const std::optional<std::string> json = otlp::to_json(body);
    if (!json) {
      return fail(Code::kInvalidArgument,
                  "the body of a log record holds a number that JSON cannot express");
    }
    return put(escape_html(*json));
  }

  Result<std::vector<Bytes>> take() {
    Result<Rope> all = out_.finish();
    if (!all) return fail(all.error());
    otlp::RopeWriter memory(work_, 0, kDoing);
    memory.let_pass_the_limit();
    std::vector<Bytes> bodies;
    size_t begin = 0;
    for (const size_t end : ends_) {
      std::optional<Bytes> body = memory.join(all->slice(begin, end - begin));
      if (!body) return fail(no_memory(kDoing, end - begin, work_.pool.budget()));
      bodies.push_back(*std::move(body));
      begin = end;
    }
    return bodies;
  }

 private:
  Status put(std::string_view body) {
    if (body.empty()) return {};
    out_.write(as_span(body));
    if (out_.failed()) return fail(out_.finish().error());
    ends_.push_back(out_.size());
    return {};
  }

  Work& work_;
  otlp::RopeWriter out_;
  std::vector<size_t> ends_;
};

Status add_all(const Rope& request, Work& work, BodyWriter& into) {
  otlp::ResourceReader resources(request);
  for (otlp::ResourceView resource; resources.next(&resource);) {
    otlp::MessageReader scopes(resource.bytes.view(), otlp::kResourceScopes, &work.pace);
    for (MessageBytes scope; scopes.next(&scope);) {
      otlp::MessageReader records(scope, otlp::kScopeItems, &work.pace);
      for (MessageBytes record; records.next(&record);) {
        if (Status added = into.add(body_of(record, work.pace)); !added) return added;
      }
    }
  }
  return {};
}

}  // namespace

Status for_each_body(const Rope& request, Work& work, const std::function<Status(Bytes)>& take) {
  BodyWriter writer(work);
  if (Status added = add_all(request, work, writer); !added) return added;
  Result<std::vector<Bytes>> bodies = writer.take();
  if (!bodies) return fail(bodies.error());
  for (Bytes& body : *bodies) {
    if (Status taken = take(std::move(body)); !taken) return taken;
  }
  return {};
}

}  // namespace millrace::exporters::kafka
