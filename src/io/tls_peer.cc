#include "io/tls_peer.h"

#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/x509v3.h>

#include <array>

namespace millrace::io {
namespace {

std::string text_of(const ASN1_STRING* string) {
  unsigned char* utf8 = nullptr;
  const int size = ASN1_STRING_to_UTF8(&utf8, string);
  if (size < 0) return {};
  std::string text(reinterpret_cast<const char*>(utf8), static_cast<size_t>(size));
  OPENSSL_free(utf8);
  return text;
}

std::string address_text(const ASN1_OCTET_STRING* address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const int size = ASN1_STRING_length(address);
  const int family = size == 4 ? AF_INET : AF_INET6;
  if (size != 4 && size != 16) return {};
  inet_ntop(family, ASN1_STRING_get0_data(address), text.data(), text.size());
  return text.data();
}

std::string name_text(const GENERAL_NAME& name) {
  switch (name.type) {
    case GEN_DNS:
      return "dns:" + text_of(name.d.dNSName);
    case GEN_URI:
      return "uri:" + text_of(name.d.uniformResourceIdentifier);
    case GEN_EMAIL:
      return "email:" + text_of(name.d.rfc822Name);
    case GEN_IPADD:
      return "ip:" + address_text(name.d.iPAddress);
    default:
      return {};
  }
}

}  // namespace

std::string subject_of(X509* certificate) {
  BIO* text = BIO_new(BIO_s_mem());
  X509_NAME_print_ex(text, X509_get_subject_name(certificate), 0, XN_FLAG_RFC2253);
  char* data = nullptr;
  const long size = BIO_get_mem_data(text, &data);
  std::string subject(data, static_cast<size_t>(size));
  BIO_free(text);
  return subject;
}

std::vector<std::string> names_of(X509* certificate) {
  std::vector<std::string> names = {"subject:" + subject_of(certificate)};
  X509_NAME* subject = X509_get_subject_name(certificate);
  for (int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1); at >= 0;
       at = X509_NAME_get_index_by_NID(subject, NID_commonName, at)) {
    names.push_back("cn:" + text_of(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at))));
  }
  auto* alternatives = static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  for (int i = 0; i < sk_GENERAL_NAME_num(alternatives); ++i) {
    std::string name = name_text(*sk_GENERAL_NAME_value(alternatives, i));
    if (!name.empty()) names.push_back(std::move(name));
  }
  GENERAL_NAMES_free(alternatives);
  return names;
}

}  // namespace millrace::io
