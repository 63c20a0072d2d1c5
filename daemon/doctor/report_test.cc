#include "daemon/doctor/report.h"

#include <gtest/gtest.h>

namespace millrace::doctor {
namespace {

Report example() {
  Report report;
  report.add({.level = Level::kOk, .area = "disks", .subject = "a", .text = "has room"});
  report.add({.level = Level::kWarning,
              .area = "disks",
              .subject = "b",
              .text = "is slow",
              .change = "buy a faster one"});
  report.add({.level = Level::kProblem,
              .area = "ports",
              .text = "\"said\x1b[31m so\"",
              .change = "end it"});
  report.add({.level = Level::kProblem, .area = "ports", .text = "once more", .change = "end it"});
  return report;
}

TEST(ReportTest, TextGroupsByAreaAndEndsWithWhatToChange) {
  EXPECT_EQ(example().to_text(),
            "disks\n"
            "  ok       a: has room\n"
            "  warning  b: is slow\n"
            "\n"
            "ports\n"
            "  problem  \"said\\u001b[31m so\"\n"
            "  problem  once more\n"
            "\n"
            "2 problems, 1 warning. What to change:\n"
            "  1. end it\n"
            "  2. buy a faster one\n");
}

TEST(ReportTest, WithoutChangesItSaysSo) {
  Report report;
  report.add({.area = "ports", .text = "free"});
  EXPECT_EQ(report.to_text(),
            "ports\n  ok       free\n\n0 problems, 0 warnings. Nothing to change.\n");
}

TEST(ReportTest, JsonHasEachFinding) {
  Report report;
  report.add({.level = Level::kProblem,
              .area = "ports",
              .subject = "otlp",
              .text = "in \"use\"",
              .change = "end it"});
  EXPECT_EQ(report.to_json(),
            "{\"problems\": 1, \"warnings\": 0,\n \"findings\": [\n"
            "  {\"level\": \"problem\", \"area\": \"ports\", \"subject\": \"otlp\", "
            "\"text\": \"in \\\"use\\\"\", \"change\": \"end it\"}],\n"
            " \"changes\": [\"end it\"]}\n");
}

}  // namespace
}  // namespace millrace::doctor
