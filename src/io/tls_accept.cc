// Listening with TLS: wraps accepted streams.
#include <utility>

#include "io/tls_stream.h"

namespace millrace::io {

std::function<void(std::unique_ptr<Stream>)> accept_with_tls(
    Loop& loop, TlsLinger& linger, std::shared_ptr<TlsServerContext> context,
    std::function<void(std::unique_ptr<Stream>)> on_accept) {
  return [&loop, &linger, context = std::move(context),
          on_accept = std::move(on_accept)](std::unique_ptr<Stream> inner) {
    on_accept(std::make_unique<TlsStream>(loop, linger, std::move(inner), context));
  };
}

}  // namespace millrace::io
