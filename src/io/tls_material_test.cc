#include "io/tls_material.h"

#include <gtest/gtest.h>

#include "io/testing/test_certificates.h"

namespace millrace::io {
namespace {

class TlsMaterialTest : public ::testing::Test {
 protected:
  testing::TestAuthority authority_{"test authority"};
  testing::TemporaryFolder folder_;
};

TEST_F(TlsMaterialTest, IsReadFromAFileOrTakenAsText) {
  const std::string file = folder_.write("ca.pem", authority_.certificate_pem());
  EXPECT_EQ(read_material("ca", file, "")->text, authority_.certificate_pem());
  EXPECT_EQ(read_material("ca", file, "")->name, "ca_file \"" + file + "\"");
  EXPECT_EQ(read_material("ca", "", "text")->text, "text");
  EXPECT_EQ(read_material("ca", "", "text")->name, "ca_pem");
  EXPECT_FALSE(read_material("ca", "", "")->given());
}

TEST_F(TlsMaterialTest, ErrorsNameTheOptionAndTheFile) {
  EXPECT_EQ(read_material("ca", "/a", "text").error().message,
            "ca_file and ca_pem are both given; give one of them");
  const std::string missing = folder_.path() + "/missing.pem";
  EXPECT_EQ(read_material("ca", missing, "").error().message,
            "ca_file \"" + missing + "\" cannot be read: No such file or directory");
}

TEST_F(TlsMaterialTest, AllCertificatesAreReadInOrder) {
  const std::string issued = authority_.issue({}).certificate_pem;
  const auto found =
      read_certificates({"ca_pem", issued + "text between\n" + authority_.certificate_pem()});
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->size(), 2u);
}

TEST_F(TlsMaterialTest, ABrokenCertificateIsNumbered) {
  std::string broken = authority_.certificate_pem();
  broken[broken.size() / 2] = '!';
  const auto found = read_certificates({"ca_pem", authority_.certificate_pem() + broken});
  ASSERT_FALSE(found);
  EXPECT_TRUE(found.error().message.starts_with("ca_pem: certificate 2 is broken: "))
      << found.error().message;
  EXPECT_EQ(read_certificates({"ca_pem", "text"}).error().message,
            "ca_pem holds no PEM certificate");
}

TEST_F(TlsMaterialTest, AKeyIsReadAndACertificateIsNoKey) {
  EXPECT_TRUE(read_private_key({"key_pem", authority_.issue({}).key_pem}));
  EXPECT_EQ(read_private_key({"key_pem", authority_.certificate_pem()}).error().message,
            "key_pem holds no PEM private key that can be read without a password");
}

}  // namespace
}  // namespace millrace::io
