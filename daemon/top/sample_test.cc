#include "daemon/top/sample.h"

#include <gtest/gtest.h>

namespace millrace::top {
namespace {

Sample read(std::initializer_list<std::string_view> answers) {
  Sample sample;
  size_t part = 0;
  for (const std::string_view text : answers) {
    const auto answer = json_answer::JsonAnswer::parse(text);
    EXPECT_TRUE(answer) << text;
    read_part(part++, *answer, sample);
  }
  return sample;
}

TEST(TopSampleTest, TheAnswersAreRead) {
  const Sample sample = read(
      {R"({"now_ms":5,"version":"1","uptime_s":2.5,"is_accepting":true,"workers":2,"alerts":["a"]})",
       R"({"used_bytes":1,"limit_bytes":2,"peak_bytes":3})",
       R"({"receivers":[{"name":"otlp","signal":"traces","accepted_items":7,"refused_items":1}],
           "pipelines":[{"id":"traces","receivers":["otlp"],"processors":["batch"],
                         "exporters":["a","b"],"admitted_items":7,"filtered_items":2}],
           "destinations":[{"name":"a","signal":"traces","sent_items":5,"failed_items":1,
              "enqueue_failed_items":2,"queue_size":3,"queue_capacity":10,"is_breaker_open":true,
              "oldest_age_s":null,"last_answer":"UNAVAILABLE"}]})",
       R"({"refusals":[{"at_ms":9,"reason":"bad_path","count":4}]})"});
  EXPECT_EQ(sample.at_ms, 5);
  EXPECT_EQ(sample.uptime_s, 2.5);
  EXPECT_TRUE(sample.is_accepting);
  EXPECT_EQ(sample.memory_limit, 2);
  EXPECT_EQ(sample.receivers.at(0).accepted, 7);
  EXPECT_EQ(sample.pipelines.at(0).way, "otlp > batch > a, b");
  EXPECT_EQ(sample.destinations.at(0).failed, 3);
  EXPECT_TRUE(sample.destinations.at(0).is_breaker_open);
  EXPECT_FALSE(sample.destinations.at(0).oldest_age_s);
  EXPECT_EQ(sample.refusals.at(0).count, 4);
}

TEST(TopSampleTest, OtherAnswersLeaveItEmpty) {
  const Sample sample = read({"{}", R"({"used_bytes":"x"})", R"({"receivers":{}})", "{}"});
  EXPECT_EQ(sample.memory_used, 0);
  EXPECT_TRUE(sample.receivers.empty());
}

}  // namespace
}  // namespace millrace::top
