#include "transport/client/web_exchange.h"

#include <utility>

#include "base/check.h"
#include "http/http1_request_writer.h"
#include "transport/client/client_channel.h"

namespace millrace::transport {
namespace {

Error error_of(const ClientAnswer& answer) {
  return {answer.code == Code::kOk ? Code::kUnavailable : answer.code, answer.message};
}

// Writes the one request, and keeps its response as it is.
class WebDialect final : public ClientDialect {
 public:
  // `into` must outlive the channel.
  WebDialect(const WebRequest& request, WebResponse& into)
      : method_(request.method),
        target_(request.url.path),
        authority_(request.url.authority()),
        fields_(request.fields),
        into_(into) {
    if (request.proxy && !request.url.uses_tls) {
      target_.insert(0, "http://" + authority_);
      proxy_authorization_ = request.proxy->authorization;
    }
  }

  http::Http2Request write_http2(const ClientRequest&, Duration, FieldScratch&) const override {
    MILLRACE_CHECK(false && "these services are spoken to over HTTP/1.1");
    return {};
  }

  std::string write_http1(const ClientRequest& request) const override {
    std::vector<http::Http1Field> fields = {{"host", authority_}, {"user-agent", "millrace"}};
    const std::string length = std::to_string(request.body.size());
    if (!request.body.empty() || method_ != "GET") fields.push_back({"content-length", length});
    if (!proxy_authorization_.empty()) {
      fields.push_back({"proxy-authorization", proxy_authorization_});
    }
    for (const MetadataEntry& field : fields_) fields.push_back({field.name, field.value});
    return http::write_http1_request_head(method_, target_, fields);
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
    } else if (!response.content_encoding.empty()) {
      answer.code = Code::kInternal;
      answer.message = "the response is compressed, which was not asked for";
    } else {
      into_ = {.status = response.http_status,
               .body = std::move(response.body),
               .metadata_flavor = std::move(response.metadata_flavor)};
      answer.http_status = response.http_status;
    }
    return answer;
  }

 private:
  const std::string method_;
  std::string target_;
  const std::string authority_;
  std::string proxy_authorization_;  // a secret
  const std::vector<MetadataEntry> fields_;
  WebResponse& into_;
};

class Exchange final : public WebExchange {
 public:
  Exchange(io::Loop& loop, const WebRequest& request, Done done) : done_(std::move(done)) {
    MILLRACE_CHECK(!request.url.uses_tls || request.tls != nullptr);
    ClientOptions options;
    options.host = request.url.host;
    options.port = request.url.port;
    options.budget = request.budget;
    options.response_bytes_max = request.body_bytes_max;
    options.http2 = false;
    if (request.url.uses_tls) options.tls = request.tls;
    options.tls_server_name = request.tls_server_name;
    options.proxy = request.proxy;
    auto dialect = std::make_unique<WebDialect>(request, response_);
    channel_ = std::make_unique<ClientChannel>(loop, std::move(options), ChannelKind::kHttp,
                                               std::move(dialect));
    ClientRequest call;
    if (!request.body.empty()) call.body = Rope(Bytes::copy_of(request.body));
    call.deadline = request.deadline;
    channel_->send(std::move(call), [this](const ClientAnswer& answer) { finish(answer); });
  }
  ~Exchange() override { done_ = nullptr; }

 private:
  // May destroy this.
  void finish(const ClientAnswer& answer) {
    if (done_ == nullptr) return;
    Done done = std::exchange(done_, nullptr);
    if (answer.http_status != 0) return done(std::move(response_));
    done(fail(error_of(answer)));
  }

  Done done_;
  WebResponse response_;
  std::unique_ptr<ClientChannel> channel_;
};

}  // namespace

std::unique_ptr<WebExchange> start_web_exchange(io::Loop& loop, const WebRequest& request,
                                                WebExchange::Done done) {
  return std::make_unique<Exchange>(loop, request, std::move(done));
}

}  // namespace millrace::transport
