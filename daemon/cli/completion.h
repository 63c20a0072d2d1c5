// `millrace completion bash|zsh|fish`: a script for that shell, made of the commands and flags that
// the command line has declared, so that it knows each new one by itself. Pure function.
#pragma once

#include <cstdint>
#include <string>

namespace CLI {
class App;
}

namespace millrace::cli {

enum class Shell : uint8_t { kBash, kZsh, kFish };

// Behind a flag and where nothing fits, files are offered.
std::string completion_script(Shell shell, const CLI::App& app);

}  // namespace millrace::cli
