// The label texts of the series of one family. They differ in little: a text is kept as its
// differences from one of a few reference texts, which the family keeps whole.
//
// One thread. Cost: packing compares the text with the references label by label, a microsecond for
// a new series; unpacking copies a few pieces. With ten labels of which one differs, 10 bytes are
// kept of 220.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::exporters {

class LabelTexts {
 public:
  static constexpr size_t kReferencesMax = 8;

  // Returns the bytes to keep; they hold as long as this. Any text, also of another form than
  // LabelBuilder's, which is only longer.
  std::string pack(std::string_view text) const;
  // Appends the text. Precondition: pack() of this made `packed`.
  void unpack(std::string_view packed, std::string& into) const;

  // Whether the text should become a reference: it has little in common with those there are.
  bool wants(std::string_view text, size_t packed_bytes) const {
    return references_.size() < kReferencesMax && packed_bytes > kSmallBytes + text.size() / 3;
  }
  static size_t reference_bytes(std::string_view text) {
    return sizeof(std::string) + kAllocationBytes + text.size();
  }
  void add_reference(std::string_view text) { references_.emplace_back(text); }
  // The sum of reference_bytes() of all references.
  size_t memory_bytes() const;

 private:
  static constexpr size_t kSmallBytes = 24;
  static constexpr size_t kAllocationBytes = 16;

  std::vector<std::string> references_;
};

}  // namespace millrace::exporters
