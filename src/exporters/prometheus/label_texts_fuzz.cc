// Any text, against any references, comes back, and takes at most a few bytes more than it has.

#include <fuzzer/FuzzedDataProvider.h>

#include "base/check.h"
#include "exporters/prometheus/label_texts.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  FuzzedDataProvider input(data, size);
  millrace::exporters::LabelTexts texts;
  for (int count = input.ConsumeIntegralInRange(0, 3); count > 0; --count) {
    texts.add_reference(input.ConsumeRandomLengthString(200));
  }
  const std::string text = input.ConsumeRemainingBytesAsString();
  const std::string packed = texts.pack(text);
  std::string back = "x";
  texts.unpack(packed, back);
  MILLRACE_CHECK(back == "x" + text);
  // A copy takes up to six bytes beside its run and stands for four.
  MILLRACE_CHECK(packed.size() <= 2 * text.size() + 32);
  return 0;
}
