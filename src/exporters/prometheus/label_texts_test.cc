#include "exporters/prometheus/label_texts.h"

#include <gtest/gtest.h>

#include <random>

namespace millrace::exporters {
namespace {

std::string unpacked(const LabelTexts& texts, std::string_view packed) {
  std::string text = "before ";
  texts.unpack(packed, text);
  EXPECT_TRUE(text.starts_with("before "));
  return text.substr(7);
}

const std::string kReference =
    R"(code="200",host="web-1",job="shop",method="GET",path="/users/{id}",user="12345")";

TEST(LabelTextsTest, WhatDiffersIsKept) {
  LabelTexts texts;
  texts.add_reference(kReference);
  for (const std::string& text : {
           kReference,
           std::string(
               R"(code="200",host="web-1",job="shop",method="GET",path="/users/{id}",user="9")"),
           std::string(R"(code="404",host="web-2",job="shop",method="POST",path="/",user="12345")"),
           std::string(R"(code="200",job="shop",path="/users/{id}",zone="b")"),
           std::string(
               R"(a="1",code="200",host="web-1",job="shop",method="GET",user="12345",z="")"),
           std::string(R"(job="shop")"),
           std::string(),
       }) {
    const std::string packed = texts.pack(text);
    EXPECT_EQ(unpacked(texts, packed), text);
    EXPECT_LE(packed.size(), 32u) << text;
  }
  EXPECT_LE(texts.pack(kReference).size(), 5u);
}

TEST(LabelTextsTest, ATextWithoutAReferenceIsKeptWhole) {
  const LabelTexts texts;
  const std::string packed = texts.pack(kReference);
  EXPECT_EQ(unpacked(texts, packed), kReference);
  EXPECT_LE(packed.size(), kReference.size() + 5);
  EXPECT_TRUE(texts.wants(kReference, packed.size()));
}

TEST(LabelTextsTest, TheNearestReferenceIsTaken) {
  LabelTexts texts;
  texts.add_reference(R"(x="1111111111111111111111111111111111111111111111111111111111111111")");
  EXPECT_TRUE(texts.wants(kReference, texts.pack(kReference).size()));
  texts.add_reference(kReference);
  EXPECT_LE(texts.pack(kReference).size(), 5u);
  EXPECT_FALSE(texts.wants(kReference, texts.pack(kReference).size()));
  EXPECT_EQ(texts.memory_bytes(), LabelTexts::reference_bytes(std::string(68, ' ')) +
                                      LabelTexts::reference_bytes(kReference));
}

TEST(LabelTextsTest, ReferencesAreFew) {
  LabelTexts texts;
  for (size_t i = 0; i < LabelTexts::kReferencesMax; ++i) {
    EXPECT_TRUE(texts.wants(kReference, kReference.size()));
    texts.add_reference(std::string(10, 'a'));
  }
  EXPECT_FALSE(texts.wants(kReference, kReference.size()));
}

// Quotes, commas and equals signs anywhere: the form of the text decides only how long it is kept.
TEST(LabelTextsTest, AnyTextComesBack) {
  std::mt19937 random(1);
  const auto any = [&] {
    std::string text;
    for (size_t size = random() % 60; size > 0; --size) text += "ab=\",\\\n"[random() % 7];
    return text;
  };
  for (int round = 0; round < 20'000; ++round) {
    LabelTexts texts;
    for (size_t count = random() % 3; count > 0; --count) texts.add_reference(any());
    const std::string text = any();
    ASSERT_EQ(unpacked(texts, texts.pack(text)), text);
  }
}

}  // namespace
}  // namespace millrace::exporters
