// The environment and the files of this process as the World of a configuration.
#pragma once

#include "yaml/expand.h"

namespace millrace::cli {

yaml::World make_process_world();

}  // namespace millrace::cli
