#include <array>
#include <cctype>
#include <utility>

#include "processors/resourcedetection/detector.h"
#include "processors/resourcedetection/system_files.h"

namespace millrace::processors::resourcedetection {
namespace {

std::string architecture(const std::string& machine) {
  constexpr auto kNames = std::to_array<std::pair<std::string_view, std::string_view>>({
      {"x86_64", "amd64"},
      {"aarch64", "arm64"},
      {"i386", "x86"},
      {"i686", "x86"},
      {"ppc64le", "ppc64"},
  });
  for (const auto& [from, to] : kNames) {
    if (machine == from) return std::string(to);
  }
  return machine.starts_with("arm") ? "arm32" : machine;
}

std::string file_text(World& world, const std::string& path) {
  return world.read_file(path).value_or("");
}

// The IEEE's form: "AC-DE-48-23-45-67".
std::string hardware_address_text(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (!text.empty()) text += '-';
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

// As `hostname -f` has it: /etc/hosts, then the DNS.
Result<std::string> full_host_name(World& world, const std::string& host) {
  std::string name = canonical_name_in_hosts(file_text(world, "/etc/hosts"), host);
  if (!name.empty()) return name;
  if (auto found = world.look_up_name(io::NameSource::kCanonical, host)) return found;
  return world.look_up_name(io::NameSource::kReverse, host);
}

Result<std::string> host_name_from(HostNameSource source, World& world) {
  const std::string host = world.system_name().host;
  if (host.empty()) return fail(Code::kUnavailable, "the system has no host name");
  switch (source) {
    case HostNameSource::kOs:
      return host;
    case HostNameSource::kDns:
      return full_host_name(world, host);
    case HostNameSource::kCname:
      return world.look_up_name(io::NameSource::kCanonical, host);
    case HostNameSource::kLookup:
      return world.look_up_name(io::NameSource::kReverse, host);
  }
  return host;
}

Result<std::string> host_name(const DetectorOptions& options, World& world) {
  std::string errors;
  for (const HostNameSource source : options.host_name_sources) {
    auto name = host_name_from(source, world);
    if (name) return name;
    errors += (errors.empty() ? "" : "; ") + name.error().message;
  }
  return fail(Code::kUnavailable, "no source has a host name: " + errors);
}

Status add_interfaces(ResourceBuilder& builder, World& world) {
  if (!builder.wants("host.ip") && !builder.wants("host.mac") && !builder.wants("host.interface")) {
    return {};
  }
  const auto interfaces = world.network_interfaces();
  if (!interfaces) return fail(interfaces.error());
  std::vector<std::string> addresses;
  std::vector<std::string> hardware;
  std::vector<std::string> names;
  for (const io::NetworkInterface& each : *interfaces) {
    names.push_back(each.name);
    if (!each.is_up || each.is_loopback) continue;
    addresses.insert(addresses.end(), each.addresses.begin(), each.addresses.end());
    hardware.push_back(hardware_address_text(each.hardware_address));
  }
  builder.texts("host.ip", addresses);
  builder.texts("host.mac", hardware);
  builder.texts("host.interface", names);
  return {};
}

void add_processor(ResourceBuilder& builder, World& world) {
  const auto text = world.read_file("/proc/cpuinfo");
  if (!text) return;
  const Processor processor = first_processor(*text);
  builder.text("host.cpu.vendor.id", processor.vendor);
  builder.text("host.cpu.family", processor.family);
  builder.text_if_any("host.cpu.model.id", processor.model);
  builder.text("host.cpu.model.name", processor.model_name);
  builder.text("host.cpu.stepping", processor.stepping);
  builder.number("host.cpu.cache.l2.size", processor.cache_size);
}

std::string machine_id(World& world) {
  auto text = world.read_file("/etc/machine-id");
  if (!text) text = world.read_file("/var/lib/dbus/machine-id");
  std::string id = text.value_or("");
  while (!id.empty() && std::isspace(static_cast<unsigned char>(id.back())) != 0) id.pop_back();
  return id;
}

std::string description(World& world) {
  auto text = world.read_file("/etc/os-release");
  if (!text) text = world.read_file("/usr/lib/os-release");
  const io::SystemName name = world.system_name();
  const std::string kernel =
      name.system + " " + name.host + " " + name.release + " " + name.version + " " + name.machine;
  const std::string release = release_title(read_os_release(text.value_or("")));
  return release.empty() ? kernel : release + " (" + kernel + ")";
}

}  // namespace

Result<Finding> detect_system(const DetectorOptions& options, World& world) {
  ResourceBuilder builder(options.wanted);
  const auto name = host_name(options, world);
  if (!name) return fail(name.error());
  const Platform platform =
      read_platform([&](const std::string& path) { return world.read_file(path); });
  builder.text("host.name", *name);
  builder.text("os.type", "linux");
  builder.text("os.version", platform.version);
  std::string remark;
  if (builder.wants("host.id")) {
    const std::string id = machine_id(world);
    builder.text_if_any("host.id", id);
    if (id.empty()) remark = "host.id: neither /etc/machine-id nor /var/lib/dbus/machine-id";
  }
  builder.text("host.arch", architecture(world.system_name().machine));
  if (Status added = add_interfaces(builder, world); !added) return fail(added.error());
  if (builder.wants("os.description")) builder.text("os.description", description(world));
  builder.text("os.name", platform.name);
  if (builder.wants("os.build.id")) {
    const auto release = read_os_release(file_text(world, "/etc/os-release"));
    const auto build = release.find("BUILD_ID");
    builder.text("os.build.id", build == release.end() || build->second.empty()
                                    ? world.system_name().release
                                    : build->second);
  }
  add_processor(builder, world);
  return Finding{.resource = builder.finish(), .remark = std::move(remark)};
}

}  // namespace millrace::processors::resourcedetection
