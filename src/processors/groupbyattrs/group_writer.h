// Writes the groups of one request as a request.
#pragma once

#include "base/signal.h"
#include "otlp/rope_writer.h"
#include "processors/groupbyattrs/groups.h"

namespace millrace::processors::groupbyattrs {

class GroupWriter {
 public:
  GroupWriter(const Options& options, Signal signal, const Groups& groups, Work& work,
              otlp::RopeWriter& out)
      : options_(options), signal_(signal), groups_(groups), work_(work), out_(out), list_(work) {}

  void write(const ResourceGroup& group);

  bool failed() const { return list_.failed() || out_.failed(); }
  // A failure that the output does not have.
  const std::optional<Error>& failure() const { return list_.failure(); }

 private:
  void write_leaf(const Leaf& leaf);
  void write_runs(const Leaf& leaf, uint32_t attributes_field);
  template <class IsKept>
  void keep_fields(const Bytes& message, const IsKept& is_kept);

  const Options& options_;
  const Signal signal_;
  const Groups& groups_;
  Work& work_;
  otlp::RopeWriter& out_;
  otlp::AttributeList list_;
};

}  // namespace millrace::processors::groupbyattrs
