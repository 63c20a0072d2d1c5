#include "extensions/headers_setter/headers_setter.h"

#include <gtest/gtest.h>

#include <string>

#include "config/testing/read_section.h"
#include "io/testing/test_certificates.h"

namespace millrace::extensions {
namespace {

std::string read(std::string_view text, HeadersSetterOptions& into) {
  return testing::read_section(
             text, "extensions::headers_setter",
             [&](config::Section& section) { read_headers_setter(section, into); })
      .to_text();
}

struct Made {
  std::shared_ptr<transport::CredentialSource> source;
};
Made make(std::string_view text) {
  HeadersSetterOptions options;
  EXPECT_EQ(read(text, options), "");
  auto extension = make_headers_setter(options);
  EXPECT_TRUE(extension) << extension.error().message;
  EXPECT_EQ(extension->server, nullptr);
  return {extension->client};
}

std::string texts(std::span<const std::string> list) {
  std::string joined;
  for (const std::string& each : list) joined += each + " ";
  return joined;
}

// The headers that are sent as "name=value …", given those of the request and of the exporter.
std::string sent(const Made& made, std::vector<MetadataEntry> came = {},
                 const std::vector<MetadataEntry>& own = {}) {
  Metadata metadata;
  metadata.entries = std::move(came);
  const auto fields = made.source->current({.metadata = &metadata, .own_headers = &own});
  if (!fields) return "error: " + fields.error().message;
  std::string text;
  for (const MetadataEntry& field : **fields) text += field.name + "=" + field.value + " ";
  return text;
}

TEST(HeadersSetterOptionsTest, MistakesAreOtelcolsAndShowNoValue) {
  const std::pair<const char*, const char*> kWrong[] = {
      {"", "missing headers configuration"},
      {"headers: []", "missing headers configuration"},
      {"headers: [{value: a}]", "missing header name"},
      {"headers: [{key: a}]", "missing header source"},
      {"headers: [{key: a, value: b, from_context: c}]", "invalid header source"},
      {"headers: [{key: a b, value: b}]", "is not a header name"},
      {"headers: [{key: Content-Length, value: b}]", "belongs to the protocol"},
      {"headers: [{key: a, action: append, value: b}]", "append"},
      {"headers: [{key: a, from_attribute: b}]", "username"},
      {"headers: [{key: a, from_attribute: username, value: b}]", "invalid header source"},
      {"headers: [{key: a, value: \"hunter2\\n\"}]", "control character"},
      {"headers: [{key: a, from_context: \"b c\"}]", "is not a header name"},
      {"headers: [{key: a, value: b}]\nadditional_auth: x", "additional_auth"},
  };
  for (const auto& [yaml, said] : kWrong) {
    HeadersSetterOptions options;
    const std::string found = read(yaml, options);
    EXPECT_TRUE(found.contains(said)) << yaml << "\n" << found;
    EXPECT_FALSE(found.contains("hunter2")) << found;
  }
}

TEST(HeadersSetterTest, ActionsAreOtelcols) {
  const Made made = make(
      "headers: [{key: A, value: '1'}, {key: A, action: insert, value: '2'}, "
      "{key: B, action: update, value: '3'}, {key: C, action: insert, value: '4'}, "
      "{key: C, action: update, value: '5'}, {key: Own, action: insert, value: '6'}, "
      "{key: Old, action: update, value: '7'}]");
  EXPECT_EQ(sent(made), "a=1 c=5 own=6 ");
  EXPECT_EQ(sent(made, {}, {{"own", "x"}, {"old", "y"}, {"b", ""}}), "a=1 c=5 old=7 ");
  EXPECT_TRUE(made.source->removed_headers().empty());
}

TEST(HeadersSetterTest, DeletedHeadersAreNotSent) {
  const Made made = make(
      "headers: [{key: Own, action: delete}, {key: A, value: '1'}, {key: A, action: delete}, "
      "{key: B, action: delete}, {key: B, action: insert, value: '2'}]");
  EXPECT_EQ(sent(made, {}, {{"own", "x"}, {"b", "y"}}), "b=2 ");
  EXPECT_EQ(texts(made.source->removed_headers()), "a own ");
}

TEST(HeadersSetterTest, ContextIsTheRequestsAndPartOfTheBatchKey) {
  const Made made = make(
      "headers: [{key: X-Scope-OrgID, from_context: Tenant, default_value: nobody}, "
      "{key: X-Trace, from_context: other}, {key: X-Copy, from_context: tenant}]");
  EXPECT_EQ(texts(made.source->context_keys()), "tenant other ");
  EXPECT_EQ(sent(made, {{"tenant", "a"}}), "x-scope-orgid=a x-trace= x-copy=a ");
  EXPECT_EQ(sent(made), "x-scope-orgid=nobody x-trace= x-copy= ");
  const auto without = made.source->current({});
  ASSERT_TRUE(without);
  EXPECT_EQ((*without)->front().value, "nobody");
}

TEST(HeadersSetterTest, SeveralValuesAreAnErrorThatIsFinal) {
  const Made made = make("headers: [{key: X-Scope-OrgID, from_context: tenant}]");
  Metadata metadata;
  metadata.entries = {{"tenant", "a"}, {"tenant", "b"}};
  const auto fields = made.source->current({.metadata = &metadata});
  ASSERT_FALSE(fields);
  EXPECT_EQ(fields.error().code, Code::kInvalidArgument);
  EXPECT_FALSE(fields.error().message.contains("\"a\"")) << "no value of a sender";
}

TEST(HeadersSetterTest, FileIsReadAgainWhenItChanges) {
  io::testing::TemporaryFolder folder;
  const std::string path = folder.write("key", "one\n");
  const Made made = make("headers: [{key: X-Key, value_file: " + path + "}]");
  EXPECT_EQ(sent(made), "x-key=one ");
  folder.write("key", "two\n");
  EXPECT_EQ(sent(made), "x-key=two ");
  folder.write("key", "two\nx-other: three\n");
  EXPECT_EQ(sent(made), "x-key=two ") << "what would end the line is not used";
  HeadersSetterOptions options;
  options.rules.push_back({.name = "a", .source = HeaderRule::Source::kFile, .from = "/nowhere/a"});
  EXPECT_FALSE(make_headers_setter(options));
}

TEST(HeadersSetterTest, AnAttributeOfTheSenderBecomesAHeader) {
  const Made made =
      make("headers: [{key: X-User, from_attribute: username, default_value: nobody}]");
  EXPECT_EQ(texts(made.source->context_keys()), ":auth.username ");
  EXPECT_EQ(sent(made, {{":auth.username", "alice"}}), "x-user=alice ");
  EXPECT_EQ(sent(made, {{"auth.username", "mallory"}, {"username", "mallory"}}), "x-user=nobody ")
      << "a header is not an attribute";
}

}  // namespace
}  // namespace millrace::extensions
