// The options of the log_dedup processor, with otelcol's keys and defaults.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/time.h"
#include "config/section.h"
#include "processors/logdedup/time_text.h"
#include "rules/rule.h"

namespace millrace::processors::logdedup {

// A place in a log record: "body.a.b", "attributes.host\.name".
struct FieldPath {
  bool is_in_body = false;
  std::vector<std::string> keys;  // empty: all attributes
};

struct Options {
  Duration interval = 10s;
  std::string log_count_attribute = "log_count";
  Zone timezone;
  // At most one of the two is not empty.
  std::vector<FieldPath> include_fields;  // records with the same texts there are the same
  std::vector<FieldPath> exclude_fields;  // removed before records are compared
  // A record for which any holds is compared; the others pass. None: all are compared.
  std::vector<std::vector<rules::ConditionList>> conditions;
  std::vector<std::string> condition_texts;  // by number; see rules::Tally
};

// Reads `section`, the processor's own section; the caller finishes it. A time zone is read from
// the system's database.
void read_options(config::Section& section, Options& into);

}  // namespace millrace::processors::logdedup
