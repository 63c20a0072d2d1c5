// Whose a verified certificate is, in words.
#pragma once

#include <openssl/x509.h>

#include <string>
#include <vector>

namespace millrace::io {

// RFC 2253.
std::string subject_of(X509* certificate);
// As TlsInfo::peer_names says: the subject, its common names, the alternative names. Each name is
// whole, also one with a NUL byte in it, so that nothing can be hidden behind one.
std::vector<std::string> names_of(X509* certificate);

}  // namespace millrace::io
