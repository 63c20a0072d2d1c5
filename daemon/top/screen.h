// The picture of a collector as lines. Pure; linear in the sample.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "daemon/terminal_text/table.h"
#include "daemon/top/rates.h"
#include "daemon/top/sample.h"

namespace millrace::top {

using terminal_text::Layout;
using Lines = std::vector<std::string>;

// `trouble`: why there is no newer sample; empty: this is the newest.
Lines picture(const Sample& sample, const Rates& rates, const std::string& trouble,
              const Layout& layout);
// Before the first sample.
Lines waiting(const std::string& address, const std::string& trouble, const Layout& layout);
// The keys and what the columns mean.
Lines help(const Layout& layout);

// "█████░░░░░": how much of the width is filled.
std::string bar(double part, size_t width);

}  // namespace millrace::top
