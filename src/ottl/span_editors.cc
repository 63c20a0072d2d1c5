// set_semconv_span_name: the name that the semantic conventions give a span of HTTP, RPC, messaging
// or a database (https://opentelemetry.io/docs/specs/semconv/), from its attributes.
#include <initializer_list>

#include "ottl/arguments.h"
#include "ottl/conversion.h"
#include "ottl/converters.h"
#include "ottl/edited_map.h"

namespace millrace::ottl {
namespace {

using F = Function;
using V = Value::Type;

enum SpanKind : int64_t { kServer = 2, kClient = 3, kProducer = 4, kConsumer = 5 };

class SpanName {
 public:
  explicit SpanName(Value attributes) : attributes_(attributes) {}

  // Empty: no convention names the span.
  std::string derive(int64_t kind) const {
    if (kind == kProducer || kind == kConsumer) return messaging();
    if (kind != kServer && kind != kClient) return {};
    std::string name = http(kind == kServer ? "http.route" : "url.template");
    if (name.empty()) name = rpc();
    if (name.empty() && kind == kClient) name = database();
    if (name.empty()) name = messaging();
    return name;
  }

 private:
  // The value of the first of the attributes that is there.
  std::optional<std::string> find(std::initializer_list<std::string_view> names) const {
    for (const std::string_view name : names) {
      if (const auto value = find_entry(attributes_, name)) return attribute_text(*value);
    }
    return std::nullopt;
  }
  bool is_true(std::string_view name) const {
    const auto value = find_entry(attributes_, name);
    return value && value->is(V::kBool) && value->number != 0;
  }
  static std::string join(const std::string& a, char between, const std::string& b) {
    if (a.empty() || b.empty()) return a + b;
    return a + between + b;
  }
  std::string server() const {
    const auto address = find({"server.address"});
    if (!address) return {};
    const auto port = find({"server.port"});
    return port ? *address + ":" + *port : *address;
  }

  std::string http(std::string_view subject_name) const {
    const auto method = find({"http.request.method", "http.method"});
    if (!method) return {};
    const auto subject = find({subject_name});
    return subject ? *method + " " + *subject : *method;
  }

  std::string rpc() const {
    const auto system = find({"rpc.system.name", "rpc.system"});
    if (!system) return {};
    const auto method = find({"rpc.method", "rpc.grpc.method"});
    const auto service = find({"rpc.service", "rpc.grpc.service"});
    if (service) return *service + "/" + method.value_or("*");
    return method ? *method : *system;
  }

  std::string database() const {
    const auto system = find({"db.system.name", "db.system"});
    if (!system) return {};
    if (const auto summary = find({"db.query.summary"})) return *summary;
    const std::string name =
        join(find({"db.operation.name", "db.operation"}).value_or(""), ' ', database_target());
    return name.empty() ? *system : name;
  }

  std::string database_target() const {
    const std::string database = find({"db.namespace", "db.name"}).value_or("");
    const auto object = find({"db.collection.name", "db.stored_procedure.name"});
    if (object) return database.empty() ? *object : database + "." + *object;
    return database.empty() ? server() : database;
  }

  std::string messaging() const {
    const auto system = find({"messaging.system"});
    if (!system) return {};
    const auto operation = find({"messaging.operation.name", "messaging.operation"});
    const std::string name = join(operation.value_or(""), ' ', messaging_destination());
    return name.empty() && !operation ? *system : name;
  }

  std::string messaging_destination() const {
    if (is_true("messaging.destination.temporary")) return "(temporary)";
    if (is_true("messaging.destination.anonymous")) return "(anonymous)";
    const auto destination = find(
        {"messaging.destination.template", "messaging.destination.name", "messaging.destination"});
    return destination ? *destination : server();
  }

  const Value attributes_;
};

Evaluated<void> set_semconv_span_name(Arguments& arguments) {
  Record& span = arguments.evaluation().item().at(Context::kSpan);
  Scratch& scratch = arguments.scratch();
  const SpanName conventions(span.read(Field::kAttributes, scratch));
  std::string derived = conventions.derive(span.read(Field::kKind, scratch).number);
  const std::string_view original = span.read(Field::kName, scratch).text;
  if (derived.empty() || derived == original) return {};
  span.write(Field::kName, arguments.keep(std::move(derived)), scratch);
  if (!arguments.has(1)) return {};
  Value* const attributes = span.change(Field::kAttributes, scratch, to_edited_map);
  if (attributes == nullptr) return {};
  const std::string_view key = arguments.literal(1, "");
  Value* const entry = edit_entry(attributes->map, key, scratch);
  if (entry != nullptr) *entry = Value::of_string(original);
  return {};
}

constexpr EditorRow kEditors[] = {{F::kSetSemconvSpanName, set_semconv_span_name}};

}  // namespace

std::span<const EditorRow> span_editors() { return kEditors; }

}  // namespace millrace::ottl
