#include "daemon/cli/completion.h"

#include <CLI/CLI.hpp>
#include <string_view>
#include <vector>

namespace millrace::cli {
namespace {

struct Flag {
  std::string name;  // without the two dashes
  std::string description;
};

struct CommandWords {
  std::string name;  // empty: the program itself
  std::string description;
  std::vector<Flag> flags;
};

std::vector<Flag> flags_of(const CLI::App& app) {
  std::vector<Flag> flags;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) {
      flags.push_back({name, option->get_description()});
    }
  }
  return flags;
}

// The words of the program first, then those of its commands in order of declaration.
std::vector<CommandWords> words_of(const CLI::App& app) {
  std::vector<CommandWords> all = {{"", "", flags_of(app)}};
  for (const CLI::App* command : app.get_subcommands(nullptr)) {
    all.push_back({command->get_name(), command->get_description(), flags_of(*command)});
  }
  return all;
}

std::string names_of(const std::vector<CommandWords>& all, std::string_view between) {
  std::string names;
  for (size_t i = 1; i < all.size(); ++i) {
    if (i > 1) names += between;
    names += all[i].name;
  }
  return names;
}

std::string flags_text(const CommandWords& command) {
  std::string text;
  for (const Flag& flag : command.flags) text += (text.empty() ? "--" : " --") + flag.name;
  return text;
}

std::string bash_script(const std::vector<CommandWords>& all) {
  std::string text =
      "# bash completion for millrace: source <(millrace completion bash)\n"
      "_millrace() {\n"
      "  local current=${COMP_WORDS[COMP_CWORD]} command= word words\n"
      "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
      "    case $word in\n"
      "      " +
      names_of(all, "|") +
      ") command=$word; break ;;\n"
      "    esac\n"
      "  done\n"
      "  case $command in\n";
  for (size_t i = 1; i < all.size(); ++i) {
    text += "    " + all[i].name + ") words=\"" + flags_text(all[i]) + "\" ;;\n";
  }
  text += "    *) words=\"" + names_of(all, " ") + " " + flags_text(all[0]) + "\" ;;\n";
  return text +
         "  esac\n"
         "  COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
         "}\n"
         "complete -o default -F _millrace millrace\n";
}

std::string zsh_script(const std::vector<CommandWords>& all) {
  std::string text =
      "#compdef millrace\n"
      "# zsh completion for millrace: source <(millrace completion zsh)\n"
      "_millrace() {\n"
      "  local command word\n"
      "  for word in ${words[2,CURRENT-1]}; do\n"
      "    case $word in\n"
      "      (" +
      names_of(all, "|") +
      ") command=$word; break ;;\n"
      "    esac\n"
      "  done\n"
      "  case $command in\n";
  for (size_t i = 1; i < all.size(); ++i) {
    text += "    (" + all[i].name + ") compadd -- " + flags_text(all[i]) + " ;;\n";
  }
  text += "    (*) compadd -- " + names_of(all, " ") + " " + flags_text(all[0]) + " ;;\n";
  return text +
         "  esac\n"
         "  _files\n"
         "}\n"
         "if [ \"$funcstack[1]\" = \"_millrace\" ]; then _millrace \"$@\"; "
         "else compdef _millrace millrace; fi\n";
}

// Quotes in single quotes, where fish has two escapes.
std::string fish_quoted(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') quoted += '\\';
    quoted += c == '\n' ? ' ' : c;
  }
  return quoted + "'";
}

std::string fish_script(const std::vector<CommandWords>& all) {
  std::string text = "# fish completion for millrace: millrace completion fish | source\n";
  for (const CommandWords& command : all) {
    const std::string where = command.name.empty()
                                  ? "__fish_use_subcommand"
                                  : "'__fish_seen_subcommand_from " + command.name + "'";
    if (!command.name.empty()) {
      text += "complete -c millrace -n __fish_use_subcommand -a " + command.name + " -d " +
              fish_quoted(command.description) + "\n";
    }
    for (const Flag& flag : command.flags) {
      text += "complete -c millrace -n " + where + " -l " + flag.name + " -d " +
              fish_quoted(flag.description) + "\n";
    }
  }
  return text;
}

}  // namespace

std::string completion_script(Shell shell, const CLI::App& app) {
  const std::vector<CommandWords> all = words_of(app);
  switch (shell) {
    case Shell::kBash:
      return bash_script(all);
    case Shell::kZsh:
      return zsh_script(all);
    case Shell::kFish:
      return fish_script(all);
  }
  return {};
}

}  // namespace millrace::cli
