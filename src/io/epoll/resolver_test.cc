#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "io/epoll/epoll.h"

namespace millrace::io {
namespace {

TEST(ResolverTest, AddressesOfBothFamiliesAreFound) {
  for (const auto& [host, expected] :
       {std::pair{"127.0.0.1", "127.0.0.1:4317"}, std::pair{"::1", "[::1]:4317"}}) {
    std::promise<std::vector<Address>> found;
    Resolver resolver;
    resolver.resolve(host, 4317, [&](Result<std::vector<Address>> result) {
      found.set_value(result.value_or(std::vector<Address>()));
    });
    EXPECT_THAT(found.get_future().get(), ::testing::ElementsAre(Address{expected}));
  }
}

}  // namespace
}  // namespace millrace::io
