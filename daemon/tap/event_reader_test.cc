#include "daemon/tap/event_reader.h"

#include <gtest/gtest.h>

namespace millrace::tap {
namespace {

std::string read(std::string_view bytes, size_t cut) {
  std::string events;
  EventReader reader([&](std::string_view name, std::string_view data) {
    events += std::string(name) + "=" + std::string(data) + ";";
  });
  EXPECT_TRUE(reader.receive(bytes.substr(0, cut)));
  EXPECT_TRUE(reader.receive(bytes.substr(cut)));
  return events;
}

TEST(EventReaderTest, EveryCutGivesTheSameEvents) {
  const std::string stream =
      ": a comment\nevent: edge\ndata: {}\n\nevent: none\n\ndata: a\r\ndata:b\r\n\r\n"
      "event: cr\rdata: x\r\rid: 1\nretry: 5\ndata\n\ndata: not whole\n";
  for (size_t cut = 0; cut <= stream.size(); ++cut) {
    EXPECT_EQ(read(stream, cut), "edge={};message=a\nb;cr=x;message=;") << cut;
  }
}

TEST(EventReaderTest, AnEventWithoutEndIsRefused) {
  EventReader reader([](auto, auto) { FAIL(); });
  const std::string part(EventReader::kEventBytesMax / 2, 'x');
  EXPECT_TRUE(reader.receive("data: " + part.substr(10)));
  EXPECT_TRUE(reader.receive(part));
  EXPECT_FALSE(reader.receive("12345"));
}

}  // namespace
}  // namespace millrace::tap
