// An option whose value is one of a few names, shown as "--signal traces|metrics|logs".
#pragma once

#include <CLI/CLI.hpp>
#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace millrace::load {

template <class Enum>
void add_choice(CLI::App& app, const char* name, Enum& into,
                std::vector<std::pair<std::string_view, Enum>> choices, const std::string& help) {
  std::string all;
  for (const auto& [word, value] : choices) all += (all.empty() ? "" : "|") + std::string(word);
  app.add_option_function<std::string>(
         name,
         [name, all, &into, choices = std::move(choices)](const std::string& text) {
           const auto found = std::ranges::find(choices, std::string_view(text),
                                                [](const auto& choice) { return choice.first; });
           if (found == choices.end()) {
             throw CLI::ValidationError(name, "\"" + text + "\" is not one of " + all);
           }
           into = found->second;
         },
         help)
      ->type_name(all);
}

}  // namespace millrace::load
