#include "http/trace_context.h"

#include <gtest/gtest.h>

#include <string>

namespace millrace::http {
namespace {

constexpr std::string_view kTrace = "0af7651916cd43dd8448eb211c80319c";
constexpr std::string_view kSpan = "b7ad6b7169203331";

std::string traceparent(std::string_view version, std::string_view flags) {
  return std::string(version) + "-" + std::string(kTrace) + "-" + std::string(kSpan) + "-" +
         std::string(flags);
}

TEST(TraceContextTest, ATraceparentGivesIdsAndTheDecision) {
  const auto context = parse_traceparent(traceparent("00", "01"));
  ASSERT_TRUE(context);
  EXPECT_EQ(context->trace_id[0], 0x0a);
  EXPECT_EQ(context->trace_id[15], 0x9c);
  EXPECT_EQ(context->span_id[7], 0x31);
  EXPECT_TRUE(context->is_sampled);
  EXPECT_FALSE(parse_traceparent(traceparent("00", "02"))->is_sampled);
  EXPECT_TRUE(parse_traceparent(traceparent("00", "03"))->is_sampled) << "unknown flags are left";
}

TEST(TraceContextTest, LaterVersionsMayBeLonger) {
  EXPECT_TRUE(parse_traceparent(traceparent("01", "01") + "-what-comes"));
  EXPECT_FALSE(parse_traceparent(traceparent("01", "01") + "x"));
  EXPECT_FALSE(parse_traceparent(traceparent("00", "01") + "-more"));
  EXPECT_FALSE(parse_traceparent(traceparent("ff", "01")));
}

TEST(TraceContextTest, WhatIsNotATraceparentIsNoContext) {
  const std::string good = traceparent("00", "01");
  for (size_t size = 0; size < good.size(); ++size) {
    EXPECT_FALSE(parse_traceparent(good.substr(0, size))) << size;
  }
  for (size_t at = 0; at < good.size(); ++at) {
    std::string changed = good;
    changed[at] = 'G';
    EXPECT_FALSE(parse_traceparent(changed)) << changed;
  }
  EXPECT_FALSE(parse_traceparent("00-" + std::string(32, '0') + "-" + std::string(kSpan) + "-01"));
  EXPECT_FALSE(parse_traceparent("00-" + std::string(kTrace) + "-" + std::string(16, '0') + "-01"));
}

TEST(TraceContextTest, B3IsReadInBothForms) {
  const std::string ids = std::string(kTrace) + "-" + std::string(kSpan);
  EXPECT_FALSE(parse_b3(ids)->is_sampled);
  EXPECT_TRUE(parse_b3(ids + "-1")->is_sampled);
  EXPECT_TRUE(parse_b3(ids + "-d-" + std::string(kSpan))->is_sampled);
  EXPECT_EQ(parse_b3("8448eb211c80319c-" + std::string(kSpan))->trace_id[7], 0);
  for (const char* wrong : {"", "0", "1", "d", "-"}) EXPECT_FALSE(parse_b3(wrong)) << wrong;
  for (const char* wrong : {"-2", "-1-", "-1-0", "1", "-1x"}) EXPECT_FALSE(parse_b3(ids + wrong));
  HeaderList head;
  head.append("x-b3-traceid", kTrace);
  head.append("x-b3-spanid", kSpan);
  head.append("x-b3-sampled", "1");
  EXPECT_EQ(read_trace_context(head, {.b3 = true}), parse_b3(ids + "-1"));
}

TEST(TraceContextTest, OnlyTheFormsThatAreAskedForAreRead) {
  HeaderList head;
  head.append("traceparent", traceparent("00", "01"));
  head.append("b3", std::string(kTrace) + "-" + std::string(kSpan) + "-0");
  EXPECT_FALSE(read_trace_context(head, {}));
  EXPECT_TRUE(read_trace_context(head, {.trace_context = true, .b3 = true})->is_sampled);
  EXPECT_FALSE(read_trace_context(head, {.b3 = true})->is_sampled);
}

}  // namespace
}  // namespace millrace::http
