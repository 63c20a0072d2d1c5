#include "dead_letter/record.h"

#include <gtest/gtest.h>

#include "dead_letter/line.h"

namespace millrace::dead_letter {
namespace {

Record example() {
  Record record;
  record.time = WallTime(1'795'378'530'123'456'789ns);
  record.signal = Signal::kLogs;
  record.pipelines = {"logs", "logs/2"};
  record.destination = "otlp_grpc/backup";
  record.reason = "bad_data";
  record.answer = {Code::kInvalidArgument, "no \"name\"\nat all"};
  record.item_count = 7;
  record.metadata = {{"x-tenant", "red"}, {"x-tenant", "blue"}};
  record.request.append(Bytes::copy_of(std::string_view("\x0a\x00\xff\x80", 4)));
  record.request.append(Bytes::copy_of("more"));
  return record;
}

std::string line_of(const Record& record) {
  std::string line;
  append_line(record, &line);
  return line;
}

Result<Record> parse(std::string_view line) {
  Parser parser;
  return parser.parse(Bytes::copy_of(line));
}

TEST(RecordTest, TheLineHasTheDocumentedFormat) {
  EXPECT_EQ(line_of(example()),
            R"({"millrace_dead_letter":1,"time":"2026-11-22T20:15:30.123456789Z","signal":"logs",)"
            R"("pipelines":["logs","logs/2"],"destination":"otlp_grpc/backup",)"
            R"("reason":"bad_data","code":"INVALID_ARGUMENT","answer":"no \"name\"\nat all",)"
            R"("items":7,"bytes":8,"metadata":[["x-tenant","red"],["x-tenant","blue"]],)"
            R"("request":"CgD/gG1vcmU="})"
            "\n");
}

TEST(RecordTest, WrittenRecordsAreReadBack) {
  const Record wanted = example();
  const auto read = parse(line_of(wanted));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->time, wanted.time);
  EXPECT_EQ(read->signal, wanted.signal);
  EXPECT_EQ(read->pipelines, wanted.pipelines);
  EXPECT_EQ(read->destination, wanted.destination);
  EXPECT_EQ(read->reason, wanted.reason);
  EXPECT_EQ(read->answer.code, wanted.answer.code);
  EXPECT_EQ(read->answer.message, wanted.answer.message);
  EXPECT_EQ(read->item_count, wanted.item_count);
  EXPECT_EQ(read->metadata, wanted.metadata);
  EXPECT_EQ(read->request.to_bytes().text(), wanted.request.to_bytes().text());
}

TEST(RecordTest, EveryByteComesBackInEveryLength) {
  std::string bytes;
  for (int i = 0; i < 260; ++i) {
    Record record = example();
    record.request = Rope(Bytes::copy_of(bytes));
    const auto read = parse(line_of(record));
    ASSERT_TRUE(read) << i << ": " << read.error().message;
    ASSERT_EQ(read->request.to_bytes().text(), bytes) << i;
    bytes += static_cast<char>(255 - i % 256);
  }
}

TEST(RecordTest, ALineCutAnywhereIsNoRecord) {
  const std::string line = line_of(example());
  for (size_t size = 0; size < line.size() - 1; ++size) {
    EXPECT_FALSE(parse(line.substr(0, size))) << size;
  }
  EXPECT_TRUE(parse(line.substr(0, line.size() - 1)));
}

TEST(RecordTest, HeadersThatMayBeSecretAreNeverWritten) {
  Record record = example();
  record.metadata.clear();
  for (const char* name : {"authorization", "proxy-authorization", "cookie", "set-cookie",
                           "x-api-key", "apikey", "x-auth-request", "x-amz-security-token",
                           "dd-api-key", "x-session-id", "client_secret", "x-password"}) {
    record.metadata.push_back({name, "hunter2"});
    EXPECT_TRUE(may_be_secret(name)) << name;
  }
  const std::string line = line_of(record);
  EXPECT_EQ(line.find("hunter2"), std::string::npos) << line;
  EXPECT_EQ(line.find("metadata"), std::string::npos) << line;
  EXPECT_FALSE(may_be_secret("x-tenant"));
  EXPECT_FALSE(may_be_secret("x-scope-orgid"));
}

TEST(RecordTest, AnAnswerThatIsNotUtf8IsRepaired) {
  Record record = example();
  record.answer.message = "caf\xe9 \xe6\x9d\xb1\xe4";
  const auto read = parse(line_of(record));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->answer.message, "caf\xEF\xBF\xBD \xe6\x9d\xb1\xEF\xBF\xBD");
}

TEST(RecordTest, ALongAnswerIsCutBetweenCharacters) {
  Record record = example();
  record.answer.message = "a";
  for (int i = 0; i < 4000; ++i) record.answer.message += "é";
  const auto read = parse(line_of(record));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->answer.message.size(), kAnswerBytesMax - 1);
}

TEST(RecordTest, KeysComeInAnyOrderAndUnknownOnesAreSkipped) {
  const auto read = parse(R"( {"request":"YWJj", "later":{"a":[1,2,{"b":null}]}, "bytes":3,)"
                          R"( "signal":"metrics", "millrace_dead_letter":1 } )");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->signal, Signal::kMetrics);
  EXPECT_EQ(read->request.to_bytes().text(), "abc");
  EXPECT_EQ(read->destination, "");
}

TEST(RecordTest, OtherLinesAreRefusedWithAReason) {
  struct Case {
    std::string line;
    std::string_view says;
  };
  const std::string begin = R"({"millrace_dead_letter":1,)";
  const Case cases[] = {
      {"", "not JSON"},
      {"hello", "not a JSON object"},
      {"[]", "not a JSON object"},
      {"{}", "not a dead letter"},
      {R"({"resourceSpans":[]})", "not a dead letter"},
      {begin + R"("signal":"traces","bytes":0})", "no \"request\""},
      {begin + R"("signal":"traces","request":""})", "no \"bytes\""},
      {begin + R"("bytes":0,"request":""})", "no \"signal\""},
      {begin + R"("signal":"events","bytes":0,"request":""})", "none of traces"},
      {begin + R"("signal":"logs","bytes":2,"request":"YWJj"})", "has 3 bytes, \"bytes\" says 2"},
      {begin + R"("signal":"logs","bytes":3,"request":"YW!j"})", "not base64"},
      {begin + R"("signal":"logs","bytes":-3,"request":"YWJj"})", "\"bytes\" is not a number"},
      {begin + R"("signal":7,"bytes":3,"request":"YWJj"})", "\"signal\" is not a string"},
      {begin + R"("time":"yesterday","signal":"logs","bytes":3,"request":"YWJj"})", "\"time\""},
      {begin + R"("metadata":[["a"]],"signal":"logs","bytes":3,"request":"YWJj"})", "pairs"},
      {begin + R"("signal":"logs","bytes":3,"request":"YWJj"} {})", "stands behind"},
  };
  for (const Case& one : cases) {
    const auto read = parse(one.line);
    ASSERT_FALSE(read) << one.line;
    EXPECT_EQ(read.error().code, Code::kInvalidArgument) << one.line;
    EXPECT_NE(read.error().message.find(one.says), std::string::npos)
        << one.line << ": " << read.error().message;
  }
}

TEST(RecordTest, ANewerVersionIsRefused) {
  const auto read =
      parse(R"({"millrace_dead_letter":2,"signal":"logs","bytes":3,"request":"YWJj"})");
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, Code::kUnimplemented);
}

TEST(RecordTest, TimesAreReadAsTheyAreWritten) {
  for (const int64_t nanoseconds :
       {int64_t{0}, int64_t{1}, int64_t{-1}, int64_t{951'782'400} * 1'000'000'000,
        int64_t{9'000'000'000'000'000'000}}) {
    const WallTime time{Duration(nanoseconds)};
    EXPECT_EQ(parse_time(time_text(time)), time) << time_text(time);
  }
  EXPECT_EQ(parse_time("1970-01-01T00:00:01.5Z"), WallTime(1500ms));
  EXPECT_EQ(parse_time("1970-01-01T00:00:01Z"), WallTime(1s));
  for (const char* wrong : {"", "Z", "1970-01-01T00:00:01", "1970-13-01T00:00:01Z",
                            "1970-01-01T24:00:00Z", "1970-01-01T00:00:01.Z", "9999-01-01T00:00:00Z",
                            "1970-01-01T00:00:01+02:00Z", "1970-02-30T00:00:01Z"}) {
    EXPECT_FALSE(parse_time(wrong)) << wrong;
  }
}

}  // namespace
}  // namespace millrace::dead_letter
