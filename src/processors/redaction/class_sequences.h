// Regular expressions whose matches are a few sequences of character classes, each of a fixed
// length, as `4[0-9]{12}(?:[0-9]{3})?`. A match costs 50 to 200 instructions, where RE2 needs
// some 2,000 for a card number, because it reads forward for the end and back for the begin.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace millrace::processors::redaction {

// Immutable; may be used from any thread.
class ClassSequences {
 public:
  // All sequences together have at most so many bytes: the most that one position of a text costs.
  static constexpr size_t kBytesMax = 64;

  // Reads ASCII literals, classes of ASCII characters, \d, {n}, groups, | and ? behind a class or
  // group. Nothing: the expression has another form, or is too long. `regex` is one that RE2
  // compiles. Pure.
  static std::optional<ClassSequences> read(std::string_view regex);

  struct Match {
    size_t begin;
    size_t size;  // not 0
  };
  // The first match that begins at `from` or behind it; of those that begin there, the one that RE2
  // prefers. Positions from `until` on need not be looked at, so that a search can be divided.
  std::optional<Match> find(std::string_view text, size_t from = 0,
                            size_t until = std::string_view::npos) const;

 private:
  class Reader;
  using Classes = uint64_t;  // a bit for each class
  struct Run {
    Classes class_bit;
    size_t count;
  };
  // Of a sequence of at most 16 classes, each of them characters that stand behind one another in
  // ASCII, as [0-9]: what its bytes are compared with at once.
  static constexpr size_t kComparedBytes = 16;
  struct Ranges {
    std::array<uint8_t, kComparedBytes> first{};
    std::array<uint8_t, kComparedBytes> size{};  // less one
    uint32_t mask = 0;                           // a bit for each byte; 0: another sequence
  };
  struct Sequence {
    std::vector<Run> runs;
    size_t size = 0;
    Ranges ranges;
  };

  Ranges ranges_of(const Sequence& sequence) const;
  // `left`: the bytes of the text from there on.
  bool is_at(const Sequence& sequence, const char* at, size_t left) const;

  std::array<Classes, 256> classes_of_{};  // the classes that have the byte
  Classes first_classes_ = 0;              // those that a sequence begins with
  int first_byte_ = -1;                    // the only byte of these; -1: there are several
  std::vector<Sequence> sequences_;        // the preferred one first
};

}  // namespace millrace::processors::redaction
