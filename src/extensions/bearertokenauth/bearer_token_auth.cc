#include "extensions/bearertokenauth/bearer_token_auth.h"

#include <unordered_map>
#include <utility>

#include "access/field_text.h"
#include "access/keyed_hash.h"
#include "access/reloading.h"
#include "extensions/bearertokenauth/token_file.h"
#include "io/watched_file.h"

namespace millrace::extensions {
namespace {

using access::Digest;
using transport::Credentials;
using transport::Identity;

constexpr Duration kLookInterval = 1s;
// An unknown token may be new. The minimum time between two checks of the file for that reason.
constexpr Duration kLookForNewInterval = 100ms;

// One version of the tokens.
struct Tokens {
  access::HashKey key = access::random_hash_key();
  std::unordered_map<Digest, std::shared_ptr<const Identity>, access::DigestHash> identities;
  Credentials credentials;  // the first token; exporters send it
};

std::shared_ptr<Tokens> make_tokens(const BearerTokenAuthOptions& options,
                                    const std::vector<std::string>& texts) {
  auto tokens = std::make_shared<Tokens>();
  for (const std::string& text : texts) {
    const size_t number = tokens->identities.size() + 1;
    tokens->identities.try_emplace(access::keyed_hash(tokens->key, text),
                                   std::make_shared<Identity>("token " + std::to_string(number)));
  }
  const std::string value =
      options.scheme.empty() ? texts.front() : options.scheme + " " + texts.front();
  tokens->credentials = std::make_shared<std::vector<MetadataEntry>>(
      std::vector<MetadataEntry>{{access::lowered(options.header), value}});
  return tokens;
}

using Source = access::Reloading<Tokens>;

class Judge final : public access::Authenticator {
 public:
  Judge(const BearerTokenAuthOptions& options, std::shared_ptr<Source> source)
      : scheme_(options.scheme),
        header_(options.header),
        field_(access::lowered(options.header)),
        source_(std::move(source)) {}

  std::optional<Verdict> authenticate(const transport::RequestHead& head, const Later&) override {
    return verdict_on(head.fields.find(field_), head.now);
  }
  std::string_view field() const override { return field_; }
  std::string challenge() const override { return scheme_.empty() ? "Bearer" : scheme_; }

 private:
  Verdict verdict_on(std::string_view shown, MonotonicTime now) const {
    if (shown.empty()) {
      return fail(Code::kUnauthenticated, "missing or empty authorization header: " + header_);
    }
    if (!scheme_.empty()) {
      if (!access::has_scheme(shown, scheme_)) return refuse();
      shown.remove_prefix(scheme_.size() + 1);
    }
    if (auto identity = find(*source_->look(now, kLookInterval), shown)) return identity;
    if (auto identity = find(*source_->look(now, kLookForNewInterval), shown)) return identity;
    return refuse();
  }
  static std::shared_ptr<const Identity> find(const Tokens& tokens, std::string_view shown) {
    const auto found = tokens.identities.find(access::keyed_hash(tokens.key, shown));
    return found == tokens.identities.end() ? nullptr : found->second;
  }
  static std::unexpected<Error> refuse() {
    return fail(Code::kUnauthenticated, "scheme or token does not match");
  }

  const std::string scheme_;
  const std::string header_;
  const std::string field_;
  const std::shared_ptr<Source> source_;
};

class Bearer final : public transport::CredentialSource {
 public:
  explicit Bearer(std::shared_ptr<Source> source) : source_(std::move(source)) {}
  Result<Credentials> current(const transport::CredentialContext&) override {
    return source_->look({}, 0s)->credentials;
  }

 private:
  const std::shared_ptr<Source> source_;
};

}  // namespace

Result<access::AuthExtension> make_bearer_token_auth(const BearerTokenAuthOptions& options) {
  Source::Reader reader;
  if (options.filename.empty()) {
    reader =
        [made = make_tokens(options, options.tokens)]() mutable -> Result<std::shared_ptr<Tokens>> {
      return std::exchange(made, nullptr);
    };
  } else {
    reader = [options, file = std::make_shared<io::WatchedFile>(
                           options.filename)]() -> Result<std::shared_ptr<Tokens>> {
      auto text = file->read_if_changed();
      if (!text) return fail(std::move(text.error()));
      if (!*text) return nullptr;
      auto tokens = parse_token_file(**text, options.filename);
      if (!tokens) return fail(std::move(tokens.error()));
      return make_tokens(options, *tokens);
    };
  }
  auto source = Source::make(std::move(reader));
  if (!source) return fail(std::move(source.error()));
  return access::AuthExtension{
      .server = std::make_shared<Judge>(options, *source),
      .client = std::make_shared<Bearer>(*source),
      .report_reloads = [source = *source](std::function<void(const Status&)> on_reload) {
        source->report_reloads(std::move(on_reload));
      }};
}

}  // namespace millrace::extensions
