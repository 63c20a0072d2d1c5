#include "receivers/prometheus/target_fetch.h"

#include <utility>

namespace millrace::receivers::prometheus {
namespace {

using transport::WebRequest;
using transport::WebResponse;
using transport::WebUrl;

constexpr int kRedirectionsMax = 10;  // as Go

bool is_redirection(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

bool is_same_origin(const WebUrl& a, const WebUrl& b) {
  return a.uses_tls == b.uses_tls && a.host == b.host && a.port == b.port;
}

// What a Location means, seen from `from`.
Result<WebUrl> resolve(const std::string& location, const WebUrl& from) {
  if (location.starts_with("http://") || location.starts_with("https://")) {
    return transport::parse_web_url(location);
  }
  if (location.starts_with("//")) {
    return transport::parse_web_url((from.uses_tls ? "https:" : "http:") + location);
  }
  if (location.empty() || location.contains("://")) {
    return fail(Code::kUnavailable, "a redirection without an HTTP address");
  }
  WebUrl url = from;
  const std::string path = from.path.substr(0, from.path.find('?'));
  url.path = location.starts_with('/') ? location : path.substr(0, path.rfind('/') + 1) + location;
  url.path = url.path.substr(0, url.path.find('#'));
  for (const char c : url.path) {
    if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7f) {
      return fail(Code::kUnavailable, "a redirection with blanks or control characters");
    }
  }
  return url;
}

}  // namespace

TargetFetch::TargetFetch(io::Loop& loop, Budget& budget, WebUrl url, const HttpOptions& options,
                         FetchRequest request)
    : loop_(loop),
      budget_(budget),
      url_(std::move(url)),
      options_(options),
      request_(std::move(request)),
      authorization_(options),
      tls_(options.tls),
      error_timer_(loop.make_timer([this] { end(fail(std::move(error_))); })) {}

TargetFetch::~TargetFetch() = default;

void TargetFetch::start(Done done) {
  done_ = std::move(done);
  redirect_count_ = 0;
  deadline_ = loop_.now() + request_.timeout;
  ask(url_);
}

Result<WebRequest> TargetFetch::request_for(const WebUrl& url) {
  if (url.uses_tls && tls_ == nullptr) {
    auto made = io::make_tls_client_context({});
    if (!made) return fail(std::move(made.error()));
    tls_ = std::move(*made);
  }
  WebRequest request{.url = url,
                     .fields = request_.fields,
                     .tls = url.uses_tls ? tls_ : nullptr,
                     .tls_server_name = options_.tls_server_name,
                     .proxy = options_.proxy,
                     .accepts_gzip = request_.accepts_gzip,
                     .body_bytes_max = request_.body_bytes_max,
                     .budget = &budget_,
                     .deadline = deadline_};
  if (url.host == url_.host) {
    auto value = authorization_.value();
    if (!value) return fail(std::move(value.error()));
    if (!value->empty()) request.fields.push_back({"authorization", std::move(*value)});
  }
  return request;
}

transport::WebClient& TargetFetch::client_for(const WebUrl& url, const WebRequest& request) {
  Connection& connection = is_same_origin(url, url_) ? own_ : redirected_;
  if (connection.client == nullptr || !is_same_origin(connection.url, url)) {
    connection.client = make_web_client(loop_, request, request_.idle_max);
    connection.url = url;
  }
  return *connection.client;
}

void TargetFetch::ask(const WebUrl& url) {
  auto request = request_for(url);
  if (!request) return end_later(std::move(request.error()));
  client_for(url, *request).send(*request, [this, url](Result<WebResponse> response) {
    on_response(std::move(response), url);
  });
}

void TargetFetch::on_response(Result<WebResponse> response, const WebUrl& url) {
  if (!response) return end(std::move(response));
  if (options_.follow_redirects && is_redirection(response->status)) {
    return follow(response->location, url);
  }
  if (response->status != 200) {
    return end(fail(Code::kFailedPrecondition,
                    "server returned HTTP status " + std::to_string(response->status)));
  }
  end(std::move(response));
}

void TargetFetch::follow(const std::string& location, const WebUrl& from) {
  if (++redirect_count_ > kRedirectionsMax) {
    return end(fail(Code::kFailedPrecondition, "stopped after 10 redirections"));
  }
  auto url = resolve(location, from);
  if (!url) return end(fail(std::move(url.error())));
  ask(*url);
}

void TargetFetch::end_later(Error error) {
  error_ = std::move(error);
  error_timer_->arm_at(loop_.now());
}

void TargetFetch::end(Result<WebResponse> result) {
  Done done = std::exchange(done_, nullptr);
  if (done != nullptr) done(std::move(result));
}

}  // namespace millrace::receivers::prometheus
