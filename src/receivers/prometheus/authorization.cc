#include "receivers/prometheus/authorization.h"

#include "access/field_text.h"
#include "http/grpc_wire.h"

namespace millrace::receivers::prometheus {

Authorization::Authorization(const HttpOptions& options)
    : options_(options),
      username_(options.username, options.username_file),
      secret_(options.secret, options.secret_file) {}

Status Authorization::read(Part& part) {
  if (part.file.path().empty()) return {};
  auto text = part.file.read_if_changed();
  if (!text) return fail(std::move(text.error()));
  if (*text) part.text = access::trimmed(**text);
  if (part.text.empty()) {
    return fail(Code::kUnauthenticated, "\"" + part.file.path() + "\" is empty or unreadable");
  }
  return {};
}

Result<std::string> Authorization::value() {
  if (options_.scheme.empty()) return std::string();
  if (Status done = read(username_); !done) return fail(done.error());
  if (Status done = read(secret_); !done) return fail(done.error());
  std::string value = options_.scheme + " ";
  value += options_.scheme == "Basic"
               ? http::encode_padded_base64(username_.text + ":" + secret_.text)
               : secret_.text;
  if (!access::is_value(value)) {
    return fail(Code::kUnauthenticated, "the credentials have control characters");
  }
  return value;
}

}  // namespace millrace::receivers::prometheus
