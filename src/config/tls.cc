#include "config/tls.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

namespace millrace::config {
namespace {

constexpr std::array<std::string_view, 4> kVersions = {"1.0", "1.1", "1.2", "1.3"};

void read_version(Section& tls, std::string_view key, std::string* into) {
  std::string text = *into;
  if (!tls.text(key, &text) || text.empty()) return;
  if (std::ranges::find(kVersions, text) == kVersions.end()) {
    tls.error_at(key, "expected \"1.0\", \"1.1\", \"1.2\" or \"1.3\", found \"" + text + "\"");
    return;
  }
  *into = text;
}

// A file or its PEM text, not both.
void read_source(Section& tls, std::string_view name, std::string* file, std::string* pem) {
  const std::string file_key = std::string(name) + "_file";
  const std::string pem_key = std::string(name) + "_pem";
  tls.text(file_key, file);
  tls.secret(pem_key, pem);
  if (!file->empty() && !pem->empty()) {
    tls.error_at(pem_key, "given together with " + file_key + "; give one of them");
  }
}

bool given(const std::string& file, const std::string& pem) {
  return !file.empty() || !pem.empty();
}

void read_common(Section& tls, io::TlsOptions& into) {
  read_source(tls, "ca", &into.ca_file, &into.ca_pem);
  read_source(tls, "cert", &into.cert_file, &into.cert_pem);
  read_source(tls, "key", &into.key_file, &into.key_pem);
  tls.boolean("include_system_ca_certs_pool", &into.include_system_ca_certs_pool);
  read_version(tls, "min_version", &into.min_version);
  read_version(tls, "max_version", &into.max_version);
  if (!into.max_version.empty() && into.max_version < into.min_version) {
    tls.error_at("max_version", "is below min_version (" + into.min_version + ")");
  }
  tls.text_list("cipher_suites", &into.cipher_suites);
  tls.boolean("include_insecure_cipher_suites", &into.include_insecure_cipher_suites);
  tls.text_list("curve_preferences", &into.curve_preferences);
  tls.duration("reload_interval", &into.reload_interval);
  if (given(into.cert_file, into.cert_pem) != given(into.key_file, into.key_pem)) {
    tls.error(given(into.key_file, into.key_pem)
                  ? "a key without a certificate; give cert_file or cert_pem too"
                  : "a certificate without its key; give key_file or key_pem too");
  }
  bool tpm_enabled = false;
  tls.section("tpm", [&](Section& tpm) {
    tpm.boolean("enabled", &tpm_enabled);
    tpm.ignored("path", "keys in a TPM are not in this version");
    tpm.ignored("owner_auth", "keys in a TPM are not in this version");
    tpm.ignored("auth", "keys in a TPM are not in this version");
  });
  if (tpm_enabled) tls.error_at("tpm", "keys in a TPM are not in this version");
}

}  // namespace

void read_client_tls(Section& tls, ClientTls& into) {
  tls.boolean("insecure", &into.insecure);
  tls.boolean("insecure_skip_verify", &into.options.insecure_skip_verify);
  tls.text("server_name_override", &into.options.server_name_override);
  read_common(tls, into.options);
}

void read_server_tls(Section& tls, io::TlsOptions& into) {
  read_common(tls, into);
  read_source(tls, "client_ca", &into.client_ca_file, &into.client_ca_pem);
  tls.ignored("client_ca_file_reload", "changed files are always read again");
  if (!given(into.cert_file, into.cert_pem) && !given(into.key_file, into.key_pem)) {
    tls.error("a server needs a certificate: give cert_file and key_file");
  }
}

}  // namespace millrace::config
