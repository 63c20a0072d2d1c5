#include "exporters/file/file_writer.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "base/bytes.h"
#include "io/sim/sim_file.h"

namespace millrace::exporters {
namespace {

using io::sim::SimFileSystem;

class FileWriterTest : public testing::Test {
 protected:
  std::unique_ptr<FileWriter> make(FileOptions options) {
    options.path = "/out/traces.json";
    return std::make_unique<FileWriter>(options, files_, [this] { return now_; });
  }
  FileOptions rotating(int64_t max_backups, int64_t max_days = 0) {
    FileOptions options;
    options.rotation = Rotation{
        .max_megabytes = 1, .max_days = max_days, .max_backups = max_backups, .local_time = false};
    return options;
  }
  static Status write(FileWriter& writer, std::string_view text) {
    return writer.write_record(as_span(text));
  }
  std::string content() { return *files_.files.at("/out/traces.json"); }
  // All files, the oldest first, as one text.
  std::string everything() {
    std::string text;
    for (const auto& [path, file] : files_.files) {
      if (path != "/out/traces.json") text += *file;
    }
    return text + content();
  }
  SimFileSystem files_;
  WallTime now_{std::chrono::seconds(1'700'000'000)};
};

TEST_F(FileWriterTest, EmptiesAFileThatIsThereUnlessToldToAppend) {
  constexpr const char* kOld = "{\"resourceSpans\":[]}\n";
  files_.files["/out/traces.json"] = std::make_shared<std::string>(kOld);
  const auto appending = make({.path = "", .append = true});
  ASSERT_TRUE(appending->open());
  ASSERT_TRUE(write(*appending, "new\n"));
  EXPECT_EQ(content(), kOld + std::string("new\n"));
  const auto fresh = make({});
  ASSERT_TRUE(fresh->open());
  ASSERT_TRUE(write(*fresh, "first\n"));
  EXPECT_EQ(content(), "first\n");
}

TEST_F(FileWriterTest, AFileThatHoldsSomethingElseIsNotEmptied) {
  const std::string kOthers[] = {"root:x:0:0:root:/root:/bin/bash\n",
                                 "{\"auths\": {}}",
                                 std::string("\x7f"
                                             "ELF\x02\x01\x01",
                                             7),
                                 std::string(100, '\0'),
                                 "x",
                                 "\n"};
  for (const std::string& other : kOthers) {
    files_.files["/out/traces.json"] = std::make_shared<std::string>(other);
    const Status opened = make({})->open();
    ASSERT_FALSE(opened) << other;
    EXPECT_NE(opened.error().message.find("no file exporter wrote"), std::string::npos);
    EXPECT_EQ(content(), other);
    EXPECT_TRUE(make({.path = "", .append = true})->open()) << "nothing is lost by appending";
  }
}

TEST_F(FileWriterTest, WhatAnyFormatOfOursLeftIsEmptied) {
  using std::string_literals::operator""s;
  const std::string kOwn[] = {
      "{\"resourceLogs\":[]}\n", "{\"dictionary\":{}}\n",    "{\"reso", "{}\n",
      "\0\0\0\x02\x0a\x00"s,     "\0\0\1\0\x28\xb5\x2f\xfd"s};
  for (const std::string& own : kOwn) {
    files_.files["/out/traces.json"] = std::make_shared<std::string>(own);
    const Status opened = make({})->open();
    EXPECT_TRUE(opened) << own;
    EXPECT_EQ(content(), "");
  }
}

TEST_F(FileWriterTest, MakesItsDirectoryWhenAsked) {
  FileOptions options;
  options.create_directory = true;
  ASSERT_TRUE(make(options)->open());
  EXPECT_EQ(files_.directories, std::vector<std::string>{"/out"});
}

TEST_F(FileWriterTest, RotatesBetweenRecordsOnly) {
  const auto writer = make(rotating(0));
  ASSERT_TRUE(writer->open());
  const std::string record(400 << 10, 'x');
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(write(*writer, record));
    now_ += 1s;
  }
  EXPECT_EQ(writer->rotation_count(), 2u);
  EXPECT_EQ(files_.files.size(), 3u);
  EXPECT_TRUE(files_.files.contains("/out/traces-2023-11-14T22-13-22.000.json"));
  for (const auto& [path, file] : files_.files) EXPECT_EQ(file->size() % record.size(), 0u) << path;
}

TEST_F(FileWriterTest, RecordLargerThanTheLimitGetsAFileOfItsOwn) {
  const auto writer = make(rotating(0));
  ASSERT_TRUE(writer->open());
  ASSERT_TRUE(write(*writer, "small"));
  ASSERT_TRUE(write(*writer, std::string(3 << 20, 'x')));
  ASSERT_TRUE(write(*writer, "small"));
  EXPECT_EQ(files_.files.size(), 3u);
}

TEST_F(FileWriterTest, TwoRotationsInAMillisecondLoseNothing) {
  const auto writer = make(rotating(0));
  ASSERT_TRUE(writer->open());
  for (const char c : {'a', 'b', 'c', 'd'}) {
    ASSERT_TRUE(write(*writer, std::string(1 << 20, c)));
  }
  EXPECT_EQ(files_.files.size(), 4u);
  EXPECT_EQ(everything().size(), size_t{4 << 20});
}

TEST_F(FileWriterTest, OldBackupsGoByCountAndByAge) {
  files_.files["/out/unrelated.json"] = std::make_shared<std::string>("kept");
  const auto by_count = make(rotating(2));
  ASSERT_TRUE(by_count->open());
  for (int i = 0; i < 6; ++i) {
    ASSERT_TRUE(write(*by_count, std::string(1 << 20, 'x')));
    now_ += 1h;
  }
  EXPECT_EQ(files_.files.size(), 4u);  // the current one, two backups and the unrelated one
  now_ += 72h;
  const auto by_age = make(rotating(0, 2));
  ASSERT_TRUE(by_age->open());
  ASSERT_TRUE(write(*by_age, "x"));  // rotates; the older backups go
  EXPECT_EQ(files_.files.size(), 3u);
  EXPECT_TRUE(files_.files.contains("/out/unrelated.json"));
  EXPECT_EQ(by_age->cleanup_error(), "");
}

// The heart of it: whatever call fails, each record that was acknowledged is there once, in order,
// and nothing else is.
TEST_F(FileWriterTest, IoFailingAtTheNthCallTearsAndLosesNothing) {
  for (const auto failure : {SimFileSystem::Failure::kError, SimFileSystem::Failure::kShortWrite}) {
    for (uint64_t n = 1; n <= 40; ++n) {
      files_ = {};
      const auto writer = make(rotating(0));
      std::string expected;
      files_.fail_call(n, failure);
      (void)writer->open();
      for (int i = 0; i < 6; ++i) {
        const std::string record = std::string(300 << 10, static_cast<char>('a' + i)) + '\n';
        int tries = 0;
        while (!write(*writer, record)) ASSERT_LT(++tries, 4) << n;
        expected += record;
        now_ += 1s;
      }
      ASSERT_TRUE(everything() == expected) << "call " << n;
    }
  }
}

TEST_F(FileWriterTest, NothingIsWrittenBehindATornRecord) {
  const auto writer = make({});
  ASSERT_TRUE(writer->open());
  ASSERT_TRUE(write(*writer, "one\n"));
  files_.fail_from_call(1, SimFileSystem::Failure::kShortWrite);
  EXPECT_FALSE(write(*writer, "two\n"));
  EXPECT_FALSE(write(*writer, "two\n"));
  files_.heal();
  ASSERT_TRUE(write(*writer, "two\n"));
  EXPECT_EQ(content(), "one\ntwo\n");
}

TEST_F(FileWriterTest, FailureToRemoveABackupDoesNotFailTheWrite) {
  const auto writer = make(rotating(1));
  ASSERT_TRUE(writer->open());
  ASSERT_TRUE(write(*writer, std::string(1 << 20, 'a')));
  now_ += 1s;
  ASSERT_TRUE(write(*writer, std::string(1 << 20, 'b')));
  now_ += 1s;
  files_.fail_call(6, SimFileSystem::Failure::kError);  // list, rename, open, size, list, remove
  ASSERT_TRUE(write(*writer, std::string(1 << 20, 'c')));
  EXPECT_NE(writer->cleanup_error(), "");
}

TEST_F(FileWriterTest, RecordsOfSeveralThreadsDoNotMix) {
  const auto writer = make({});
  ASSERT_TRUE(writer->open());
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      const std::string record(999, static_cast<char>('a' + t));
      for (int i = 0; i < 100; ++i) EXPECT_TRUE(write(*writer, record + "\n"));
    });
  }
  for (std::thread& thread : threads) thread.join();
  const std::string text = content();
  ASSERT_EQ(text.size(), 400'000u);
  for (size_t at = 0; at < text.size(); at += 1000) {
    EXPECT_EQ(text.find_first_not_of(text[at], at), at + 999);
  }
}

TEST_F(FileWriterTest, ARecordInPiecesIsThereWholeOrNotAtAll) {
  const auto writer = make({});
  ASSERT_TRUE(writer->open());
  const int one = 1;
  ASSERT_TRUE(writer->try_begin(&one));
  ASSERT_TRUE(writer->append(&one, as_span("a ")));
  EXPECT_FALSE(write(*writer, "other\n"));
  ASSERT_TRUE(writer->append(&one, as_span("b\n")));
  writer->finish(&one);
  ASSERT_TRUE(writer->try_begin(&one));
  ASSERT_TRUE(writer->append(&one, as_span("half")));
  writer->abandon(&one);
  ASSERT_TRUE(write(*writer, "other\n"));
  EXPECT_EQ(content(), "a b\nother\n");
}

TEST_F(FileWriterTest, UsersWaitInTheOrderInWhichTheyAsked) {
  const auto writer = make({});
  ASSERT_TRUE(writer->open());
  const int one = 1;
  const int two = 2;
  const int three = 3;
  ASSERT_TRUE(writer->try_begin(&one));
  EXPECT_FALSE(writer->try_begin(&two));
  EXPECT_FALSE(writer->try_begin(&three));
  writer->finish(&one);
  EXPECT_FALSE(writer->try_begin(&one));
  EXPECT_FALSE(writer->try_begin(&three));
  writer->leave(&two);
  ASSERT_TRUE(writer->try_begin(&three));
  writer->finish(&three);
  EXPECT_TRUE(writer->try_begin(&one));
  writer->abandon(&one);
}

TEST_F(FileWriterTest, ARecordThatFillsTheFileBeginsAnewInTheNextOne) {
  const auto writer = make(rotating(0));
  ASSERT_TRUE(writer->open());
  ASSERT_TRUE(write(*writer, "first\n"));
  const int user = 1;
  const std::string piece(size_t{512} << 10, 'x');
  ASSERT_TRUE(writer->try_begin(&user));
  EXPECT_EQ(*writer->append(&user, as_span(piece)), FileWriter::Progress::kWritten);
  EXPECT_EQ(*writer->append(&user, as_span(piece)), FileWriter::Progress::kStartOver);
  for (int i = 0; i < 4; ++i) {  // larger than a file may be: it has one of its own
    EXPECT_EQ(*writer->append(&user, as_span(piece)), FileWriter::Progress::kWritten);
  }
  writer->finish(&user);
  EXPECT_EQ(content().size(), 4 * piece.size());
  EXPECT_TRUE(everything() == "first\n" + content());
}

TEST_F(FileWriterTest, ALineThatAKilledLifeLeftBehindIsEndedFirst) {
  files_.files["/out/traces.json"] = std::make_shared<std::string>("{\"resourceSpans\":[{");
  const auto writer = make({.path = "", .append = true});
  ASSERT_TRUE(writer->open());
  ASSERT_TRUE(write(*writer, "new\n"));
  EXPECT_EQ(content(), "{\"resourceSpans\":[{\nnew\n");
}

}  // namespace
}  // namespace millrace::exporters
