// `millrace completion bash|zsh|fish`: a script for that shell, generated from the commands and
// flags that the command line declares. Pure function.
#pragma once

#include <cstdint>
#include <string>

namespace CLI {
class App;
}

namespace millrace::cli {

enum class Shell : uint8_t { kBash, kZsh, kFish };

// The script offers files behind a flag and where no word matches.
std::string completion_script(Shell shell, const CLI::App& app);

}  // namespace millrace::cli
