// One record of a dead-letter file, as docs/formats/dead-letter.md defines it: a line of JSON with
// a request byte for byte, the destination that refused it and the reason.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/metadata.h"
#include "base/result.h"
#include "base/signal.h"
#include "base/time.h"

namespace millrace::dead_letter {

inline constexpr uint64_t kVersion = 1;
inline constexpr size_t kAnswerBytesMax = 4096;

struct Record {
  WallTime time{};
  Signal signal = Signal::kTraces;
  std::vector<std::string> pipelines;
  std::string destination;
  std::string reason;  // the ledger's name of the reason, or "not_sent"
  Error answer;
  uint64_t item_count = 0;
  std::vector<MetadataEntry> metadata;
  Rope request;  // Export<Signal>ServiceRequest
};

// Whether a header (its name in lower case) may hold a credential, so that it is never written.
bool may_be_secret(std::string_view header);

// Appends the record as one line with its '\n'. Headers that may be secret are omitted, text that
// is not UTF-8 is repaired, a long answer is cut. Thread safe. Cost: about 1.4 times the request.
void append_line(const Record& record, std::string* out);

// Whether a line claims to be a record: it begins as append_line begins a line.
bool is_record_line(std::string_view line);

// One thread; keeps its buffers for the next line.
class Parser {
 public:
  Parser();
  ~Parser();
  Parser(const Parser&) = delete;
  Parser& operator=(const Parser&) = delete;

  // Parses `line`, with or without its '\n'; copies the request.
  //   kInvalidArgument    not JSON, not a record, cut off, or a request with a wrong size
  //   kUnimplemented      of a newer version
  //   kUnavailable        no memory for the parser's buffers
  Result<Record> parse(const Bytes& line);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace millrace::dead_letter
