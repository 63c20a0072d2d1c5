#include "access/auth_options.h"

#include <gtest/gtest.h>

#include "yaml/parse.h"

namespace millrace::access {
namespace {

struct Read {
  std::optional<AuthenticatorName> name;
  std::vector<std::string> allowed;
  std::string found;
};

Read read(std::string_view text) {
  const auto root = yaml::parse(text, "a.yaml");
  EXPECT_TRUE(root.has_value()) << root.error().message;
  config::Diagnostics diagnostics;
  config::Section section(*root, diagnostics, "x");
  Read made;
  read_auth(section, made.name);
  read_allowed_clients(section, made.allowed);
  section.find("client_ca_file");
  section.finish();
  made.found = diagnostics.to_text();
  return made;
}

TEST(AuthOptionsTest, AuthenticatorKeepsItsConfigurationPath) {
  const Read made = read("auth:\n  authenticator: basicauth/in\n");
  EXPECT_EQ(made.found, "");
  EXPECT_EQ(made.name->id, "basicauth/in");
  EXPECT_EQ(made.name->path, "x::auth");
  EXPECT_EQ(made.name->place.to_text(), "a.yaml:2:18");
  EXPECT_FALSE(read("{}").name);
}

// As in otelcol, an empty `auth:` asks for no authentication.
TEST(AuthOptionsTest, AuthWithoutANameIsAnErrorAndAnEmptySectionAWarning) {
  EXPECT_TRUE(read("auth: ").found.contains("warning"));
  EXPECT_TRUE(read("auth: ").found.contains("there is no authentication"));
  EXPECT_TRUE(read("auth: {}").found.contains("must name an extension"));
  EXPECT_TRUE(read("auth: {authenticator: \"\"}").found.contains("must name an extension"));
  EXPECT_TRUE(read("auth: {authenticator: a, request_params: [t]}").found.contains("query"));
}

TEST(AuthOptionsTest, AllowedClientsHaveAKind) {
  EXPECT_EQ(read("{client_ca_file: /c, allowed_clients: [\"dns:*.a\", \"cn:x\"]}").found, "");
  EXPECT_TRUE(read("{client_ca_file: /c, allowed_clients: [agent]}").found.contains("\"agent\""));
  EXPECT_TRUE(read("{client_ca_file: /c, allowed_clients: [\"dns:\"]}").found.contains("\"dns:\""));
  EXPECT_TRUE(read("{client_ca_file: /c, allowed_clients: []}").found.contains("allows no client"));
  EXPECT_TRUE(read("{allowed_clients: [\"cn:x\"]}").found.contains("needs client_ca_file"));
}

}  // namespace
}  // namespace millrace::access
