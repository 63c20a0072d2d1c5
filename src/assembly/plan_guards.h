// What guards a listener: its certificates, the senders that may use it, and their limits.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "access/auth_options.h"
#include "access/authenticator.h"
#include "assembly/plan.h"
#include "config/document.h"
#include "config/section.h"
#include "io/tls.h"
#include "reception/listener_options.h"
#include "transport/client/client.h"

namespace millrace::assembly {

class GuardReader {
 public:
  // `auths`: the authenticators that are started, read before. All outlive this.
  GuardReader(const config::Document& document, const std::vector<AuthPlan>& auths,
              config::Diagnostics& diagnostics)
      : document_(document), auths_(auths), diagnostics_(diagnostics) {}

  // Reads the listener's options, and says what is wrong with them.
  void read(ListenerPlan& listener);
  // For an exporter of that type; null with an error.
  std::shared_ptr<transport::CredentialSource> find_credentials(
      const access::AuthenticatorName& name, std::string_view exporter_type);

 private:
  // The extension, when it is one that is started; otherwise an error is noted.
  const access::AuthExtension* find_auth(const access::AuthenticatorName& name);
  std::shared_ptr<io::TlsServerContext> read_tls(const reception::ListenerOptions& protocol,
                                                 std::vector<std::string>& allowed_clients);

  const config::Document& document_;
  const std::vector<AuthPlan>& auths_;
  config::Diagnostics& diagnostics_;
};

}  // namespace millrace::assembly
