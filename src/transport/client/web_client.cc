#include "transport/client/web_client.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "http/http1_request_writer.h"
#include "transport/client/client_channel.h"

namespace millrace::transport {
namespace {

Error error_of(const ClientAnswer& answer) {
  return {answer.code == Code::kOk ? Code::kUnavailable : answer.code, answer.message};
}

// Writes the current request, and keeps its response as it is.
class WebDialect final : public ClientDialect {
 public:
  // Both must outlive the channel.
  WebDialect(const WebRequest& service, const WebRequest& current, WebResponse& into)
      : current_(current), authority_(service.url.authority()), into_(into) {
    if (service.proxy && !service.url.uses_tls) {
      target_prefix_ = "http://" + authority_;
      proxy_authorization_ = service.proxy->authorization;
    }
  }

  http::Http2Request write_http2(const ClientRequest&, Duration, FieldScratch&) const override {
    MILLRACE_CHECK(false && "these services are spoken to over HTTP/1.1");
    return {};
  }

  std::string write_http1(const ClientRequest& request) const override {
    std::vector<http::Http1Field> fields = {{"host", authority_}};
    const bool has_agent = std::ranges::any_of(
        current_.fields, [](const MetadataEntry& field) { return field.name == "user-agent"; });
    if (!has_agent) fields.push_back({"user-agent", "millrace"});
    const std::string length = std::to_string(request.body.size());
    if (!request.body.empty() || current_.method != "GET") {
      fields.push_back({"content-length", length});
    }
    if (!proxy_authorization_.empty()) {
      fields.push_back({"proxy-authorization", proxy_authorization_});
    }
    if (current_.accepts_gzip) fields.push_back({"accept-encoding", "gzip"});
    for (const MetadataEntry& field : current_.fields) fields.push_back({field.name, field.value});
    return http::write_http1_request_head(current_.method, target_prefix_ + current_.url.path,
                                          fields);
  }

  ClientAnswer interpret(ClientResponse response, const CallEnd& end, WallTime) override {
    ClientAnswer answer;
    if (response.too_large) {
      answer.code = Code::kResourceExhausted;
      answer.message = "the response is larger than allowed";
    } else if (end.kind != CallEnd::Kind::kComplete) {
      answer.kind = ClientAnswer::Kind::kBroken;
      answer.code = Code::kUnavailable;
      answer.message = end.message;
    } else if (response.is_body_dropped) {
      answer.code = Code::kUnavailable;
      answer.message = "memory: no room for the response";
    } else if (!response.content_encoding.empty() && !current_.accepts_gzip) {
      answer.code = Code::kInternal;
      answer.message = "the response is compressed, which was not asked for";
    } else {
      into_ = {.status = response.http_status,
               .body = std::move(response.body),
               .metadata_flavor = std::move(response.metadata_flavor),
               .content_type = std::move(response.other_content_type),
               .content_encoding = std::move(response.content_encoding),
               .location = std::move(response.location)};
      answer.http_status = response.http_status;
    }
    return answer;
  }

 private:
  const WebRequest& current_;
  const std::string authority_;
  std::string target_prefix_;
  std::string proxy_authorization_;  // a secret
  WebResponse& into_;
};

class KeptClient final : public WebClient {
 public:
  KeptClient(io::Loop& loop, const WebRequest& service, Duration idle_max) {
    MILLRACE_CHECK(!service.url.uses_tls || service.tls != nullptr);
    ClientOptions options;
    options.host = service.url.host;
    options.port = service.url.port;
    options.budget = service.budget;
    options.response_bytes_max = service.body_bytes_max;
    options.http2 = false;
    options.connections_max = 1;
    options.idle_max = idle_max;
    if (service.url.uses_tls) options.tls = service.tls;
    options.tls_server_name = service.tls_server_name;
    options.proxy = service.proxy;
    auto dialect = std::make_unique<WebDialect>(service, request_, response_);
    channel_ = std::make_unique<ClientChannel>(loop, std::move(options), ChannelKind::kHttp,
                                               std::move(dialect));
  }
  ~KeptClient() override { done_ = nullptr; }

  void send(const WebRequest& request, Done done) override {
    MILLRACE_CHECK(done_ == nullptr);
    request_ = request;
    done_ = std::move(done);
    may_repeat_ = request.method == "GET" && has_answered_;
    start();
  }

 private:
  void start() {
    ClientRequest call;
    if (!request_.body.empty()) call.body = Rope(Bytes::copy_of(request_.body));
    call.deadline = request_.deadline;
    channel_->send(std::move(call), [this](const ClientAnswer& answer) { finish(answer); });
  }

  // May destroy this.
  void finish(const ClientAnswer& answer) {
    if (done_ == nullptr) return;
    if (answer.kind == ClientAnswer::Kind::kBroken && std::exchange(may_repeat_, false)) {
      return start();
    }
    Done done = std::exchange(done_, nullptr);
    if (answer.http_status == 0) return done(fail(error_of(answer)));
    has_answered_ = true;
    done(std::move(response_));
  }

  WebRequest request_;  // under way
  Done done_;
  WebResponse response_;
  bool has_answered_ = false;  // the next request may meet a connection that has ended
  bool may_repeat_ = false;
  std::unique_ptr<ClientChannel> channel_;  // last: its end tells calls
};

}  // namespace

std::unique_ptr<WebClient> make_web_client(io::Loop& loop, const WebRequest& service,
                                           Duration idle_max) {
  return std::make_unique<KeptClient>(loop, service, idle_max);
}

}  // namespace millrace::transport
