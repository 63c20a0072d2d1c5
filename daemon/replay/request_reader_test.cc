#include "daemon/replay/request_reader.h"

#include <gtest/gtest.h>

#include "compress/compressor.h"
#include "otlp/example_requests.h"
#include "otlp/json/encode.h"

namespace millrace::replay {
namespace {

Result<FoundRequest> decode(RequestDecoder& decoder, Bytes bytes, bool is_line) {
  return decoder.decode({.bytes = std::move(bytes), .where = "f:1", .is_line = is_line});
}

Bytes zstd(const Bytes& plain) {
  compress::Compressor compressor(compress::Coding::kZstd, compress::kDefaultLevel);
  return *compressor.compress(Rope(plain));
}

std::string json_of(Signal signal, const Bytes& request) {
  std::string text;
  EXPECT_TRUE(otlp::json::encode_request(signal, request.view(), &text));
  return text;
}

TEST(RequestReaderTest, ADeadLetterIsReadByteForByte) {
  const Bytes wanted = otlp::example_request_with_everything(Signal::kMetrics);
  dead_letter::Record record;
  record.signal = Signal::kMetrics;
  record.destination = "otlp_grpc/a";
  record.request = Rope(wanted);
  std::string line;
  dead_letter::append_line(record, &line);
  RequestDecoder decoder;
  const auto found = decode(decoder, Bytes::copy_of(line), true);
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->bytes.text(), wanted.text());
  EXPECT_EQ(found->signal, Signal::kMetrics);
  EXPECT_EQ(found->item_count, 6u);
  EXPECT_EQ(found->where, "f:1");
  ASSERT_TRUE(found->letter);
  EXPECT_EQ(found->letter->destination, "otlp_grpc/a");
}

TEST(RequestReaderTest, FilesOfTheFileExporterAreRead) {
  for (const Signal signal : {Signal::kTraces, Signal::kMetrics, Signal::kLogs}) {
    const Bytes request = otlp::example_request(signal, {.items = 3});
    const Bytes text = Bytes::copy_of(json_of(signal, request));
    RequestDecoder decoder;
    struct Case {
      Bytes bytes;
      bool is_line;
    };
    for (const Case& one : {Case{text, true}, Case{request, false}, Case{zstd(request), false},
                            Case{zstd(text), false}}) {
      const auto found = decode(decoder, one.bytes, one.is_line);
      ASSERT_TRUE(found) << signal_name(signal) << ": " << found.error().message;
      EXPECT_EQ(found->signal, signal);
      EXPECT_EQ(found->item_count, 3u);
      EXPECT_EQ(json_of(signal, found->bytes), text.text());
      EXPECT_FALSE(found->letter);
    }
  }
}

TEST(RequestReaderTest, UnreadableFramesHaveAReason) {
  struct Case {
    std::string bytes;
    bool is_line;
    std::string_view says;
  };
  const std::string cut = json_of(Signal::kLogs, otlp::example_request(Signal::kLogs, {}));
  const Case cases[] = {
      {"hello world", true, "not JSON"},
      {R"({"level":"info"})", true, "neither a dead letter nor OTLP: its first key is \"level\""},
      {"{", true, "line 1, column 2"},
      {cut.substr(0, 100), true, "line 1, column"},
      {R"({"millrace_dead_letter":1,"signal":"logs"})", true, "no \"bytes\""},
      {R"({"millrace_dead_letter":1,"signal":"logs","bytes":3,"request":"YWJj"})", true,
       "not a valid request of logs"},
      {"\xFF\xFF", false, "not an OTLP request in protobuf"},
      {"\x28\xB5\x2F\xFDxx", false, "zstd: "},
  };
  RequestDecoder decoder;
  for (const Case& one : cases) {
    const auto found = decode(decoder, Bytes::copy_of(one.bytes), one.is_line);
    ASSERT_FALSE(found) << one.bytes;
    EXPECT_NE(found.error().message.find(one.says), std::string::npos)
        << one.bytes << ": " << found.error().message;
  }
}

TEST(RequestReaderTest, ALastLineThatIsCutOffIsReported) {
  RequestDecoder decoder;
  const auto found = decoder.decode({.bytes = Bytes::copy_of(R"({"resourceSpans":[{"sco)"),
                                     .where = "f:9",
                                     .is_line = true,
                                     .is_cut_off = true});
  ASSERT_FALSE(found);
  EXPECT_TRUE(found.error().message.starts_with("cut off: ")) << found.error().message;
}

TEST(RequestReaderTest, WithoutItemsTheSignalDoesNotMatter) {
  RequestDecoder decoder;
  for (const auto& [text, is_line] :
       {std::pair{std::string("{}"), true}, std::pair{std::string(), false},
        std::pair{std::string("\x0A\x02\x0A\x00", 4), false}}) {
    const auto found = decode(decoder, Bytes::copy_of(text), is_line);
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_EQ(found->item_count, 0u);
  }
}

// A record with only the field that a log record and a metric share fits both.
TEST(RequestReaderTest, AnAmbiguousRequestIsNotGuessed) {
  const std::string request("\x0A\x06\x12\x04\x12\x02\x2A\x00", 8);
  RequestDecoder guessing;
  const auto found = decode(guessing, Bytes::copy_of(request), false);
  ASSERT_FALSE(found);
  EXPECT_NE(found.error().message.find("--signal"), std::string::npos) << found.error().message;
  RequestDecoder told(Signal::kLogs);
  const auto logs = decode(told, Bytes::copy_of(request), false);
  ASSERT_TRUE(logs) << logs.error().message;
  EXPECT_EQ(logs->signal, Signal::kLogs);
}

TEST(RequestReaderTest, TheFirstKeyNamesTheSignal) {
  EXPECT_EQ(signal_of_json(" {\n \"resourceSpans\" : []}"), Signal::kTraces);
  EXPECT_EQ(signal_of_json(R"({"resource_metrics":[]})"), Signal::kMetrics);
  EXPECT_EQ(signal_of_json(R"({"resourceLogs":[]})"), Signal::kLogs);
  EXPECT_EQ(signal_of_json(R"({"resourceProfiles":[]})"), Signal::kProfiles);
  EXPECT_EQ(signal_of_json(R"({"spans":[]})"), std::nullopt);
  EXPECT_EQ(signal_of_json("["), std::nullopt);
}

}  // namespace
}  // namespace millrace::replay
