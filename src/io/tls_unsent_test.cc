#include "io/tls_unsent.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "io/sim/world.h"

namespace millrace::io {
namespace {

// Accepts so many bytes, then none, or breaks.
class StingyStream final : public Stream {
 public:
  void set_handler(StreamHandler*) override {}
  void set_interest(Interest) override {}
  IoResult read(std::span<uint8_t>) override { return {IoOutcome::kWouldBlock, 0}; }
  IoResult write(std::span<const iovec> from) override {
    if (is_broken) return {IoOutcome::kError, 0};
    const size_t count = std::min({from[0].iov_len, room, size_t{7}});
    if (count == 0) return {IoOutcome::kWouldBlock, 0};
    room -= count;
    written.append(static_cast<const char*>(from[0].iov_base), count);
    return {IoOutcome::kOk, count};
  }
  void shutdown_write() override {}
  Error error() const override { return {Code::kUnavailable, "broken"}; }
  TlsInfo tls() const override { return {}; }
  std::string peer_address() const override { return "10.0.0.1:1"; }
  std::string local_address() const override { return "10.0.0.2:2"; }

  std::string written;
  size_t room = 0;
  bool is_broken = false;
};

class TlsUnsentTest : public ::testing::Test {
 protected:
  void append(std::string_view text) {
    unsent_.append({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
  }

  sim::World world_{1};
  std::unique_ptr<Loop> loop_ = world_.make_loop("server");
  TlsLinger linger_{*loop_, {}};
  TlsUnsent unsent_{linger_};
  StingyStream stream_;
};

TEST_F(TlsUnsentTest, NothingIsWrittenAtOnce) {
  EXPECT_TRUE(unsent_.empty());
  EXPECT_EQ(unsent_.write_to(stream_), IoOutcome::kOk);
  EXPECT_EQ(stream_.written, "");
}

TEST_F(TlsUnsentTest, WritesWhatIsAcceptedAndKeepsTheRestInOrder) {
  append(std::string(100, 'a'));
  stream_.room = 30;
  EXPECT_EQ(unsent_.write_to(stream_), IoOutcome::kWouldBlock);
  EXPECT_EQ(unsent_.size(), 70u);
  append("b");
  stream_.room = 1000;
  EXPECT_EQ(unsent_.write_to(stream_), IoOutcome::kOk);
  EXPECT_EQ(stream_.written, std::string(100, 'a') + "b");
  EXPECT_TRUE(unsent_.empty());
}

TEST_F(TlsUnsentTest, TheSharedBufferIsReturnedWhenTheRestHasToWait) {
  append(std::string(32 << 10, 'a'));
  stream_.room = (32 << 10) - 10;
  EXPECT_EQ(unsent_.write_to(stream_), IoOutcome::kWouldBlock);
  EXPECT_GE(linger_.take_buffer().capacity(), size_t{32} << 10);
  stream_.room = 10;
  EXPECT_EQ(unsent_.write_to(stream_), IoOutcome::kOk);
  EXPECT_EQ(stream_.written, std::string(32 << 10, 'a'));
}

TEST_F(TlsUnsentTest, ABrokenStreamIsReported) {
  append("a");
  stream_.is_broken = true;
  EXPECT_EQ(unsent_.write_to(stream_), IoOutcome::kError);
}

TEST_F(TlsUnsentTest, TheRestIsSentInTheBackgroundWhenItIsHandedOver) {
  append("last bytes");
  unsent_.hand_over(std::make_unique<StingyStream>());
  EXPECT_TRUE(unsent_.empty());
  EXPECT_EQ(linger_.count(), 1u);
}

}  // namespace
}  // namespace millrace::io
