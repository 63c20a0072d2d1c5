// The headers_setter extension with the keys and meaning of otelcol's: an exporter that names it by
// `auth` sends headers whose values come from the configuration, from a file, or from the request
// that is sent on, for example the tenant.
//
// Headers and attributes of senders that rules take from requests are part of the batch key:
// requests with different values are not joined (transport::CredentialSource::context_keys). The
// headers that it reads are not passed on under their own names.
#pragma once

#include "access/authenticator.h"
#include "base/result.h"
#include "extensions/headers_setter/options.h"

namespace millrace::extensions {

// Reads the files. Errors name the path.
Result<access::AuthExtension> make_headers_setter(const HeadersSetterOptions& options);

}  // namespace millrace::extensions
