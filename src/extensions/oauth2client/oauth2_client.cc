#include "extensions/oauth2client/oauth2_client.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "access/field_text.h"
#include "base/url_text.h"
#include "extensions/oauth2client/token.h"
#include "extensions/oauth2client/token_cache.h"
#include "io/watched_file.h"
#include "transport/client/proxy.h"
#include "transport/client/web_exchange.h"

namespace millrace::extensions {
namespace {

using transport::CredentialContext;
using transport::Credentials;

constexpr Duration kFetchLimit = 30s;
constexpr size_t kAnswerBytesMax = 256 * 1024;

// The parts of a fetch that do not change.
struct Endpoint {
  OAuth2ClientOptions options;
  std::shared_ptr<io::TlsClientContext> tls;  // null: http
  std::optional<transport::Proxy> proxy;
};

Result<std::string> value_or_file(const std::string& value, const std::string& path) {
  if (path.empty()) return value;
  auto text = io::WatchedFile(path).read_if_changed();
  if (!text) return fail(text.error());
  std::string trimmed(access::trimmed(text->value_or("")));
  if (trimmed.empty())
    return fail(Code::kInvalidArgument, "empty credentials file \"" + path + "\"");
  return trimmed;
}

Result<ClientIdentity> read_identity(const OAuth2ClientOptions& options) {
  auto id = value_or_file(options.client_id, options.client_id_file);
  if (!id) return fail(std::move(id.error()));
  auto secret = value_or_file(options.client_secret, options.client_secret_file);
  if (!secret) return fail(std::move(secret.error()));
  return ClientIdentity{.id = std::move(*id), .secret = std::move(*secret)};
}

// Fetches tokens on one loop. Shared, so that posted tasks can see whether it is still there.
class Fetcher final : public std::enable_shared_from_this<Fetcher> {
 public:
  Fetcher(std::shared_ptr<const Endpoint> endpoint, std::shared_ptr<TokenCache> cache,
          const access::ExtensionParts& parts)
      : endpoint_(std::move(endpoint)),
        cache_(std::move(cache)),
        name_(parts.name),
        loop_(parts.loop),
        log_(parts.log),
        budget_(parts.budget) {}
  ~Fetcher() { cache_->set_fetcher(nullptr); }

  void start() {
    cache_->set_fetcher([&loop = loop_, weak = weak_from_this()] {
      loop.post([weak] {
        if (const auto fetcher = weak.lock()) fetcher->fetch();
      });
    });
  }

 private:
  void fetch() {
    auto identity = read_identity(endpoint_->options);
    if (!identity) return on_failure(std::move(identity.error()));
    identity_ = std::move(*identity);
    deadline_ = loop_.now() + limit();
    ask(style_);
  }
  Duration limit() const {
    const Duration timeout = endpoint_->options.timeout;
    return timeout > 0s ? timeout : kFetchLimit;
  }

  void ask(IdentityStyle style) {
    transport::WebRequest request{.method = "POST",
                                  .url = *endpoint_->options.token_url,
                                  .fields = {{"content-type", "application/x-www-form-urlencoded"},
                                             {"accept", "application/json"}},
                                  .body = token_form(endpoint_->options, identity_, style),
                                  .tls = endpoint_->tls,
                                  .proxy = endpoint_->proxy,
                                  .body_bytes_max = kAnswerBytesMax,
                                  .budget = &budget_,
                                  .deadline = deadline_};
    request.tls_server_name = endpoint_->options.tls.options.server_name_override;
    if (style == IdentityStyle::kBasicHeader) {
      request.fields.push_back({"authorization", basic_header(identity_)});
    }
    exchange_ = transport::start_web_exchange(
        loop_, request, [this, style](const Result<transport::WebResponse>& response) {
          on_response(response, style);
        });
  }

  // May replace the exchange that calls it.
  void on_response(const Result<transport::WebResponse>& response, IdentityStyle style) {
    if (!response) return on_failure(response.error());
    auto token = read_token(response->status, response->body);
    if (token) {
      style_ = style;
      is_style_known_ = true;
      return on_token(*token);
    }
    if (!is_style_known_ && style == IdentityStyle::kBasicHeader) {
      return ask(IdentityStyle::kForm);
    }
    on_failure(std::move(token.error()));
  }

  void on_token(const Token& token) {
    log_.debug("a token was fetched",
               {{"extension", name_},
                {"lifetime_seconds",
                 token.lifetime ? std::chrono::duration<double>(*token.lifetime).count() : 0.0}});
    if (std::exchange(has_failed_, false)) {
      log_.info("the token endpoint gives out tokens again", {{"extension", name_}});
    }
    cache_->on_token(token, loop_.now());
    exchange_.reset();
  }

  void on_failure(Error error) {
    const transport::WebUrl& url = *endpoint_->options.token_url;
    error.message = "failed to get security token from token endpoint (endpoint " +
                    url.authority() + url.path.substr(0, url.path.find('?')) +
                    "): " + error.message;
    // kUnavailable would mean that a token is on its way, kInvalidArgument that none ever will be.
    error.code = Code::kUnauthenticated;
    has_failed_ = true;
    log_.warn("failed to get a token; requests are retried",
              {{"extension", name_}, {"error", error.message}});
    cache_->on_failure(std::move(error), loop_.now());
    exchange_.reset();
  }

  const std::shared_ptr<const Endpoint> endpoint_;
  const std::shared_ptr<TokenCache> cache_;
  const std::string name_;
  io::Loop& loop_;
  Logger& log_;
  Budget& budget_;
  std::unique_ptr<transport::WebExchange> exchange_;
  ClientIdentity identity_;  // of the fetch under way
  MonotonicTime deadline_{};
  IdentityStyle style_ = IdentityStyle::kBasicHeader;
  bool is_style_known_ = false;
  bool has_failed_ = false;
};

class Source final : public transport::CredentialSource {
 public:
  explicit Source(std::shared_ptr<TokenCache> cache) : cache_(std::move(cache)) {}
  Result<Credentials> current(const CredentialContext& context) override {
    return cache_->look(context.now);
  }
  bool renew(const Credentials& refused, MonotonicTime now) override {
    return cache_->renew(refused, now);
  }

 private:
  const std::shared_ptr<TokenCache> cache_;
};

}  // namespace

Result<access::AuthExtension> make_oauth2_client(const OAuth2ClientOptions& options) {
  auto endpoint = std::make_shared<Endpoint>(Endpoint{.options = options, .tls = {}, .proxy = {}});
  const transport::WebUrl& url = *options.token_url;
  if (url.uses_tls) {
    auto tls = io::make_tls_client_context(options.tls.options);
    if (!tls) return fail(std::move(tls.error()));
    endpoint->tls = std::move(*tls);
  }
  const auto scheme =
      url.uses_tls ? transport::ProxiedScheme::kHttps : transport::ProxiedScheme::kHttp;
  auto proxy =
      transport::proxy_for(transport::read_proxy_environment(), scheme, url.host, url.port);
  if (!proxy) return fail(std::move(proxy.error()));
  endpoint->proxy = std::move(*proxy);
  auto cache = std::make_shared<TokenCache>(options.expiry_buffer);
  access::AuthExtension made;
  made.client = std::make_shared<Source>(cache);
  made.report_reloads = [](const std::function<void(const Status&)>&) {};
  made.run = [endpoint, cache](const access::ExtensionParts& parts) -> std::shared_ptr<void> {
    auto fetcher = std::make_shared<Fetcher>(endpoint, cache, parts);
    fetcher->start();
    return fetcher;
  };
  return made;
}

}  // namespace millrace::extensions
