// Addresses of networks.
#include <openssl/evp.h>

#include <algorithm>
#include <tuple>

#include "ottl/arguments.h"
#include "ottl/converters.h"
#include "ottl/network.h"
#include "ottl/text_encoding.h"

namespace millrace::ottl {
namespace {

using F = Function;
using V = Value::Type;
using Result = Evaluated<Value>;

Result is_in_cidr(Arguments& arguments) {
  const auto text = arguments.text(0);
  if (!text) return error(text.error());
  const auto ip = parse_ip(*text);
  if (!ip) return Value::of_bool(false);
  for (const Node& node : arguments.node(1).children) {
    const auto value = arguments.evaluation().value_of(node);
    if (!value) return value;
    const auto network = value->is(V::kString) ? parse_network(value->text) : std::nullopt;
    if (!network) return error("a network must be written as 10.0.0.0/8");
    if (network->contains(*ip)) return Value::of_bool(true);
  }
  return Value::of_bool(false);
}

struct Endpoint {
  std::string address;
  uint16_t port = 0;
};

Evaluated<Endpoint> read_endpoint(Arguments& arguments, size_t i) {
  const auto text = arguments.text(i);
  if (!text) return error(text.error());
  auto address = parse_ip(*text);
  if (!address) return error("\"" + std::string(*text) + "\" is no address");
  const auto port = arguments.int_value(i + 1, 0);
  if (!port) return error(port.error());
  if (*port < 0 || *port > UINT16_MAX) return error("a port must be between 0 and 65535");
  return Endpoint{std::move(*address), static_cast<uint16_t>(*port)};
}

std::optional<char> protocol_number(std::string_view name) {
  static constexpr std::pair<std::string_view, char> kProtocols[] = {
      {"ICMP", 1}, {"TCP", 6}, {"UDP", 17}, {"RSVP", 46}, {"ICMP6", 58}};
  if (name == "SCTP") return static_cast<char>(132);
  const auto found = std::ranges::find(kProtocols, name, [](const auto& p) { return p.first; });
  if (found == std::end(kProtocols)) return std::nullopt;
  return found->second;
}

// https://github.com/corelight/community-id-spec: a hash of a flow, the same for both directions.
Result community_id(Arguments& arguments) {
  auto from = read_endpoint(arguments, 0);
  if (!from) return error(from.error());
  auto to = read_endpoint(arguments, 2);
  if (!to) return error(to.error());
  std::string_view protocol_name = "TCP";
  if (arguments.has(4)) {
    const auto given = arguments.text(4);
    if (!given) return error(given.error());
    protocol_name = *given;
  }
  const auto protocol = protocol_number(protocol_name);
  if (!protocol) return error("unknown protocol \"" + std::string(protocol_name) + "\"");
  const auto seed = arguments.int_value(5, 0);
  if (!seed) return error(seed.error());
  if (*seed < 0 || *seed > UINT16_MAX) return error("the seed must be between 0 and 65535");
  const auto order = [](const Endpoint& end) {
    return std::tuple(end.address.size(), end.address, end.port);
  };
  if (order(*to) < order(*from)) std::swap(*from, *to);
  const auto big_endian = [](uint16_t number) {
    return std::string{static_cast<char>(number >> 8), static_cast<char>(number & 0xff)};
  };
  const std::string flow = big_endian(static_cast<uint16_t>(*seed)) + from->address + to->address +
                           *protocol + '\0' + big_endian(from->port) + big_endian(to->port);
  unsigned char bytes[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  if (EVP_Digest(flow.data(), flow.size(), bytes, &size, EVP_sha1(), nullptr) != 1) {
    return error("the hash is not available");
  }
  return arguments.keep("1:" + to_base64({reinterpret_cast<const char*>(bytes), size}, Base64{}));
}

constexpr ConverterRow kConverters[] = {
    {F::kIsInCIDR, is_in_cidr},
    {F::kCommunityID, community_id},
};

}  // namespace

std::span<const ConverterRow> address_converters() { return kConverters; }

}  // namespace millrace::ottl
