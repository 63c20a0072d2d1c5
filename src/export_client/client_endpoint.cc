#include "export_client/client_endpoint.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/url_text.h"
#include "io/address.h"

namespace millrace::exporters {
namespace {

std::unexpected<Error> bad(std::string message) {
  return fail(Code::kInvalidArgument, std::move(message));
}

std::optional<uint16_t> parse_port(std::string_view text) {
  uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return {};
  return port;
}

bool is_host(std::string_view host) {
  return !host.empty() && std::ranges::none_of(host, [](char c) {
    return static_cast<unsigned char>(c) <= ' ' || c == '/' || c == '@' || c == '?' || c == '#' ||
           c == '[' || c == ']' || c == '\x7f' || c == '"' || c == '\\';
  });
}

// "HTTP://" is "http://".
bool has_scheme(std::string_view text, std::string_view lower_case) {
  return std::ranges::equal(text.substr(0, lower_case.size()), lower_case, [](char a, char b) {
    return (a >= 'A' && a <= 'Z' ? static_cast<char>(a + 32) : a) == b;
  });
}

// "host:port", "[::1]:port"; the port may be missing when there is a default.
Status parse_host_port(std::string_view text, std::optional<uint16_t> default_port,
                       ClientEndpoint& into) {
  const std::string shown = "\"" + hide_url_secrets(text) + "\"";
  std::string_view port_text;
  bool has_port = false;
  if (text.starts_with('[')) {
    const size_t close = text.find(']');
    if (close == std::string_view::npos) return bad("missing ']' in " + shown);
    into.host = text.substr(1, close - 1);
    const std::string_view rest = text.substr(close + 1);
    has_port = rest.starts_with(':');
    if (!has_port && !rest.empty()) return bad("expected :port behind ']' in " + shown);
    if (has_port) port_text = rest.substr(1);
  } else {
    const size_t colon = text.find(':');
    if (colon != std::string_view::npos && text.find(':', colon + 1) != std::string_view::npos) {
      return bad("too many colons in " + shown + "; IPv6 addresses stand in brackets");
    }
    into.host = text.substr(0, colon);
    has_port = colon != std::string_view::npos;
    if (has_port) port_text = text.substr(colon + 1);
  }
  if (!is_host(into.host)) return bad("no valid host in " + shown);
  if (!has_port && default_port) {
    into.port = *default_port;
    return {};
  }
  const std::optional<uint16_t> port = parse_port(port_text);
  if (!port || *port == 0) {
    return bad("expected a port from 1 to 65535 behind the host in " + shown);
  }
  into.port = *port;
  return {};
}

}  // namespace

bool ClientEndpoint::is_unix() const { return io::is_unix_host(host); }

std::string ClientEndpoint::authority() const {
  if (is_unix()) return "localhost";
  std::string text = host.find(':') == std::string::npos ? host : "[" + host + "]";
  const bool is_default = (scheme == EndpointScheme::kHttp && port == 80) ||
                          (scheme == EndpointScheme::kHttps && port == 443);
  return is_default ? text : text + ":" + std::to_string(port);
}

Result<ClientEndpoint> parse_grpc_endpoint(std::string_view text) {
  ClientEndpoint made;
  std::string_view rest = text;
  if (rest.empty()) return bad("requires a non-empty \"endpoint\", for example localhost:4317");
  if (rest.starts_with("http://")) {
    made.scheme = EndpointScheme::kHttp;
    rest.remove_prefix(7);
  } else if (rest.starts_with("https://")) {
    made.scheme = EndpointScheme::kHttps;
    rest.remove_prefix(8);
  } else if (rest.starts_with("dns:")) {
    rest.remove_prefix(4);
    if (rest.starts_with("//")) {
      const size_t slash = rest.find('/', 2);
      if (slash == std::string_view::npos) return bad("expected dns:///host:port");
      if (slash != 2) return bad("a name server in dns://server/host:port is not in this version");
      rest.remove_prefix(3);
    }
  } else if (rest.starts_with("unix:")) {
    rest.remove_prefix(5);
    if (rest.starts_with("//")) rest.remove_prefix(2);
    while (rest.starts_with("//")) rest.remove_prefix(1);
    if (rest.size() < 2 || !rest.starts_with('/')) {
      return bad("expected an absolute path, unix:///run/otlp.sock, found \"" + std::string(text) +
                 "\"");
    }
    made.host = "unix:" + std::string(rest);
    return made;
  } else if (rest.starts_with("unix-abstract:")) {
    return bad("abstract unix sockets are not in this version; give a path, unix:///run/otlp.sock");
  } else if (rest.find("://") != std::string_view::npos) {
    return bad("expected host:port, http://, https://, dns:/// or unix:///, found \"" +
               std::string(text) + "\"");
  }
  if (rest.find('/') != std::string_view::npos) {
    return bad("a gRPC endpoint has no path; the port must be numeric in \"" + std::string(text) +
               "\"");
  }
  if (Status parsed = parse_host_port(rest, {}, made); !parsed) return fail(parsed.error());
  return made;
}

Result<ClientEndpoint> parse_http_endpoint(std::string_view text) {
  ClientEndpoint made;
  std::string_view rest = text;
  if (has_scheme(rest, "http://")) {
    made.scheme = EndpointScheme::kHttp;
    rest.remove_prefix(7);
  } else if (has_scheme(rest, "https://")) {
    made.scheme = EndpointScheme::kHttps;
    rest.remove_prefix(8);
  } else {
    return bad("expected a URL like http://localhost:4318, found \"" + hide_url_secrets(text) +
               "\"");
  }
  rest = rest.substr(0, rest.find('#'));
  const size_t path = std::min(rest.find_first_of("/?"), rest.size());
  const std::string_view target = rest.substr(path);
  if (std::ranges::any_of(target, [](char c) {
        return static_cast<unsigned char>(c) <= ' ' || static_cast<unsigned char>(c) >= 0x7f;
      })) {
    return bad("spaces and characters outside ASCII must be percent-encoded in \"" +
               hide_url_secrets(text) + "\"");
  }
  if (target.starts_with('?')) made.path = "/";
  made.path += target;
  while (made.path.ends_with('/')) made.path.pop_back();
  const std::string_view host = rest.substr(0, path);
  if (host.find('@') != std::string_view::npos) {
    return bad("user and password in a URL are not in this version; use headers");
  }
  const uint16_t default_port = made.scheme == EndpointScheme::kHttp ? 80 : 443;
  if (Status parsed = parse_host_port(host, default_port, made); !parsed) {
    return fail(parsed.error());
  }
  return made;
}

Result<ClientEndpoint> parse_url_without_http(std::string_view text) {
  const auto is_scheme_char = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' ||
           c == '-' || c == '.';
  };
  const auto end = std::ranges::find_if_not(text, is_scheme_char);
  const std::string_view word(text.begin(), end);
  const bool is_schemed = !word.empty() && end != text.end() && *end == ':' &&
                          !(word[0] >= '0' && word[0] <= '9') &&
                          std::string_view("+-.").find(word[0]) == std::string_view::npos;
  const std::string_view first = text.substr(0, text.find('/'));
  const bool is_plain = std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7f'; });
  if (text.empty() || !is_plain || has_scheme(text, "http:") || has_scheme(text, "https:") ||
      (!is_schemed && first.contains(':'))) {
    return bad("expected a URL like http://localhost:4318, found \"" + hide_url_secrets(text) +
               "\"");
  }
  ClientEndpoint made;
  made.has_no_http_scheme = true;
  if (is_schemed) made.unsupported_scheme = word;
  made.host = text;
  return made;
}

}  // namespace millrace::exporters
