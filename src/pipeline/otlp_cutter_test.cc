#include "pipeline/otlp_cutter.h"

#include <gtest/gtest.h>

#include "otlp/item_count.h"
#include "otlp/split.h"

namespace millrace::pipeline {
namespace {

// One ResourceSpans, one ScopeSpans, `count` empty spans.
Rope request_of_spans(size_t count) {
  std::string spans;
  for (size_t i = 0; i < count; ++i) spans += std::string("\x12\x00", 2);
  const std::string scope = std::string("\x12") + static_cast<char>(spans.size()) + spans;
  const std::string resource = std::string("\x0a") + static_cast<char>(scope.size()) + scope;
  return Rope(Bytes::copy_of(resource));
}

TEST(OtlpCutterTest, PiecesKeepTheLimitAndAddUp) {
  const std::vector<CutPiece> pieces =
      make_otlp_cutter()(Signal::kTraces, request_of_spans(7), {.items_max = 3}, nullptr);
  ASSERT_EQ(pieces.size(), 3u);
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(pieces[i].item_count, i < 2 ? 3u : 1u);
    EXPECT_EQ(otlp::count_items(Signal::kTraces, pieces[i].bytes), pieces[i].item_count);
  }
}

TEST(OtlpCutterTest, WhatFitsStaysInOnePiece) {
  EXPECT_EQ(make_otlp_cutter()(Signal::kTraces, request_of_spans(3), {}, nullptr).size(), 1u);
}

}  // namespace
}  // namespace millrace::pipeline
