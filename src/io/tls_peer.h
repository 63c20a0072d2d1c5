// The names in a verified certificate.
#pragma once

#include <openssl/x509.h>

#include <string>
#include <vector>

namespace millrace::io {

// The subject in the form of RFC 2253.
std::string subject_of(X509* certificate);
// The names for TlsInfo::peer_names: the subject, its common names, the alternative names. Each
// name is complete, also one that contains a NUL byte, so that a NUL cannot hide a part of it.
std::vector<std::string> names_of(X509* certificate);

}  // namespace millrace::io
