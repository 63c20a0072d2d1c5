#include "extensions/basicauth/basic_auth.h"

#include <algorithm>
#include <utility>

#include "access/field_text.h"
#include "access/reloading.h"
#include "access/verified_cache.h"
#include "extensions/basicauth/guess_budget.h"
#include "extensions/basicauth/htpasswd.h"
#include "extensions/basicauth/slow_checks.h"
#include "http/grpc_wire.h"
#include "io/watched_file.h"

namespace millrace::extensions {
namespace {

using transport::Credentials;
using transport::Identity;

constexpr Duration kLookInterval = 1s;
constexpr Duration kLookForNewInterval = 100ms;
constexpr size_t kVerifiedMax = 4096;
// Checked on the loop: a SHA-1 (password_hash.h).
constexpr uint32_t kCostOnLoopMax = 1;
// No hash takes more (crypt(3): 512 with its end). It bounds the memory of waiting checks.
constexpr size_t kPasswordBytesMax = 512;
constexpr std::string_view kField = "authorization";
constexpr std::string_view kScheme = "Basic";

// One version of the file with the cache of the users that were verified against it.
struct Users {
  Htpasswd table;
  access::VerifiedCache verified{kVerifiedMax};
};
using UserSource = access::Reloading<Users>;

class Judge final : public access::Authenticator, public std::enable_shared_from_this<Judge> {
 public:
  explicit Judge(std::shared_ptr<UserSource> source) : source_(std::move(source)) {}

  std::optional<Verdict> authenticate(const transport::RequestHead& head,
                                      const Later& later) override {
    std::string_view shown = head.fields.find(kField);
    if (shown.empty()) return refuse("no basic auth provided");
    if (!access::has_scheme(shown, kScheme)) return refuse("invalid authorization scheme prefix");
    shown.remove_prefix(kScheme.size() + 1);
    std::shared_ptr<Users> users = source_->look(head.now, kLookInterval);
    if (auto identity = users->verified.find(users->verified.digest_of(shown))) return identity;

    const auto decoded = http::decode_base64(shown);
    const size_t colon = decoded ? decoded->find(':') : std::string::npos;
    if (colon == std::string::npos) return refuse("invalid authorization format");
    users = source_->look(head.now, kLookForNewInterval);
    Claim claim = {.users = users,
                   .digest = users->verified.digest_of(shown),
                   .name = decoded->substr(0, colon),
                   .password = decoded->substr(colon + 1),
                   .cost = users->table.cost(std::string_view(*decoded).substr(0, colon)),
                   .address = guesses_.slot_of(head.peer)};
    const auto may_start = [&, address = claim.address, cost = claim.cost] {
      return guesses_.try_use(address, cost, head.now);
    };
    if (claim.password.size() > kPasswordBytesMax) return refuse("invalid credentials");
    if (claim.cost <= kCostOnLoopMax || !later || !checks_.has_lane()) {
      return may_start() ? verify(claim) : too_many();
    }
    // A waiting check does not hold an unknown name, which may be long.
    if (!users->table.knows(claim.name)) claim.name.clear();
    const access::Digest digest = claim.digest;
    const bool waits = checks_.try_await(
        digest, later, may_start,
        [self = shared_from_this(), claim = std::move(claim)] { return self->verify(claim); });
    if (!waits) return too_many();
    return std::nullopt;
  }
  std::string_view field() const override { return kField; }
  std::string challenge() const override { return R"(Basic realm="millrace", charset="UTF-8")"; }

  void use_lane(io::Executor* lane) { checks_.use_lane(lane); }

 private:
  // The credentials of a request, and the users to check them against.
  struct Claim {
    std::shared_ptr<Users> users;
    access::Digest digest;
    std::string name;
    std::string password;
    uint32_t cost;
    size_t address;
  };

  Verdict verify(const Claim& claim) {
    if (!claim.users->table.verify(claim.name, claim.password)) {
      return refuse("invalid credentials");
    }
    guesses_.refund(claim.address, claim.cost);
    auto identity = std::make_shared<const Identity>(Identity{claim.name, claim.name});
    claim.users->verified.remember(claim.digest, identity);
    return identity;
  }
  static Verdict too_many() {
    return fail(Code::kResourceExhausted, "too many wrong passwords, try again later");
  }
  static Verdict refuse(std::string message) {
    return fail(Code::kUnauthenticated, std::move(message));
  }

  const std::shared_ptr<UserSource> source_;
  GuessBudget guesses_;
  SlowChecks checks_;
};

Result<access::AuthExtension> make_server(const BasicAuthOptions::Htpasswd& options) {
  auto file = options.file.empty() ? nullptr : std::make_shared<io::WatchedFile>(options.file);
  auto source =
      UserSource::make([options, file, first = true]() mutable -> Result<std::shared_ptr<Users>> {
        std::optional<std::string> text;
        if (file != nullptr) {
          auto read = file->read_if_changed();
          if (!read) return fail(std::move(read.error()));
          text = std::move(*read);
        }
        if (!std::exchange(first, false) && !text) return nullptr;
        auto users = std::make_shared<Users>();
        if (text) {
          if (Status added = users->table.add(*text, options.file); !added) {
            return fail(added.error());
          }
        }
        if (Status added = users->table.add(options.inline_text, "htpasswd::inline"); !added) {
          return fail(added.error());
        }
        return users;
      });
  if (!source) return fail(std::move(source.error()));
  auto judge = std::make_shared<Judge>(*source);
  return access::AuthExtension{
      .server = judge,
      .client = nullptr,
      .report_reloads =
          [source = *source](std::function<void(const Status&)> on_reload) {
            source->report_reloads(std::move(on_reload));
          },
      .use_lane = [judge](io::Executor* lane) { judge->use_lane(lane); }};
}

using CredentialVersions = access::Reloading<const std::vector<MetadataEntry>>;

class Shown final : public transport::CredentialSource {
 public:
  explicit Shown(std::shared_ptr<CredentialVersions> source) : source_(std::move(source)) {}
  Result<Credentials> current(const transport::CredentialContext&) override {
    return source_->look({}, 0s);
  }

 private:
  const std::shared_ptr<CredentialVersions> source_;
};

// A value from the configuration or from a file.
class Value {
 public:
  Value(std::string text, const std::string& file) : text_(std::move(text)), is_new_(true) {
    if (!file.empty()) file_ = std::make_unique<io::WatchedFile>(file);
  }
  Status look() {
    if (file_ == nullptr) return {};
    auto read = file_->read_if_changed();
    if (!read) return fail(std::move(read.error()));
    if (!*read) return {};
    text_ = access::trimmed(**read);
    is_new_ = true;
    return {};
  }
  bool take_change() { return std::exchange(is_new_, false); }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
  bool is_new_;
  std::unique_ptr<io::WatchedFile> file_;
};

Result<access::AuthExtension> make_client(const BasicAuthOptions::ClientAuth& options) {
  using Fields = std::vector<MetadataEntry>;
  auto name = std::make_shared<Value>(options.username, options.username_file);
  auto password = std::make_shared<Value>(options.password, options.password_file);
  auto source =
      CredentialVersions::make([name, password]() -> Result<std::shared_ptr<const Fields>> {
        for (Value* value : {name.get(), password.get()}) {
          if (Status looked = value->look(); !looked) return fail(looked.error());
        }
        const bool has_change = name->take_change();
        if (!password->take_change() && !has_change) return nullptr;
        if (name->text().contains(':')) {
          return fail(Code::kInvalidArgument,
                      "invalid authorization format: a name must not contain a colon");
        }
        return std::make_shared<const Fields>(
            Fields{{std::string(kField),
                    "Basic " + http::encode_padded_base64(name->text() + ":" + password->text())}});
      });
  if (!source) return fail(std::move(source.error()));
  return access::AuthExtension{
      .server = nullptr,
      .client = std::make_shared<Shown>(*source),
      .report_reloads = [source = *source](std::function<void(const Status&)> on_reload) {
        source->report_reloads(std::move(on_reload));
      }};
}

}  // namespace

Result<access::AuthExtension> make_basic_auth(const BasicAuthOptions& options) {
  if (options.htpasswd) return make_server(*options.htpasswd);
  return make_client(options.client_auth.value_or(BasicAuthOptions::ClientAuth{}));
}

}  // namespace millrace::extensions
