#include "hints.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <filesystem>

#include "verb_table.hpp"

namespace brine::cli {
namespace {

namespace fs = std::filesystem;

// Returns `text` as one word of a shell.
std::string quoted(const std::string& text) {
  const bool plain = !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return std::isalnum(c) ||
           std::string_view("/._-+:@~=").find(static_cast<char>(c)) != std::string_view::npos;
  });
  if (plain) return text;
  std::string word = "'";
  for (const char c : text) word += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return word + "'";
}

// The file outside the store that the command line names, if any: of one line only one is filled.
std::string file_of(const Arguments& arguments) {
  for (const std::string& file : {arguments.save.file, arguments.load.output.value_or(""),
                                  arguments.scan.file, arguments.dis.file, arguments.table}) {
    if (!file.empty() && file != "-") return file;
  }
  return {};
}

fs::path directory_of(const std::string& file) {
  const fs::path parent = fs::path(file).parent_path();
  return parent.empty() ? "." : parent;
}

std::string hint_for_absence(const Arguments& arguments) {
  const std::string file = file_of(arguments);
  if (file.empty()) return "brine log";
  const fs::path directory = directory_of(file);
  std::error_code ignored;
  if (fs::is_directory(directory, ignored)) return fmt::format("ls {}", quoted(directory.string()));
  return arguments.load.output ? fmt::format("mkdir -p {}", quoted(directory.string())) : "ls";
}

std::string hint_for_damage(const Arguments& arguments) {
  const LoadArguments& load = arguments.load;
  if (!arguments.dis.file.empty()) return fmt::format("brine scan {}", quoted(arguments.dis.file));
  if (load.reference.empty()) return "brine verify";
  return fmt::format("brine load {}{}{} --fallback", quoted(load.reference),
                     load.output ? " -o " : "", load.output ? quoted(*load.output) : "");
}

// Where the machine said no: beside the file, or where the command ran.
std::string hint_for_place(const Arguments& arguments, std::string_view tool) {
  const fs::path place = directory_of(file_of(arguments));
  return fmt::format("{} {}", tool, quoted(place.string()));
}

// Returns what helps most after `error`, which brings no hint of its own.
std::string general_hint(const Arguments& arguments, const Error& error) {
  switch (error.code()) {
    case Errc::usage:
    case Errc::exists:
    case Errc::limit:
      return arguments.verb == nullptr ? "brine help"
                                       : fmt::format("brine help {}", arguments.verb->name);
    case Errc::not_found:
      return hint_for_absence(arguments);
    case Errc::corrupt:
      return hint_for_damage(arguments);
    case Errc::unusable:
    case Errc::signature:
    case Errc::replay:
    case Errc::refused:
    case Errc::busy:
      return "brine log";
    case Errc::unsupported:
      return "brine version";
    case Errc::environment:
      return hint_for_place(arguments, "ls -la");
    case Errc::no_space:
      return hint_for_place(arguments, "df -h");
    case Errc::migration:
      return "brine help migrate";
    case Errc::internal:
      return {};
  }
  return {};
}

// The library knows no files: a hint of it becomes what can be pasted.
std::string with_files(const Arguments& arguments, std::string hint) {
  const std::string file = quoted(file_of(arguments));
  if (const auto at = (hint + ' ').find(" FILE "); at != std::string::npos && file != "''") {
    return hint.replace(at + 1, 4, file);
  }
  if (hint.ends_with(" --fallback") && arguments.load.output) {
    return fmt::format("{} -o {}", hint, quoted(*arguments.load.output));
  }
  return hint;
}

}  // namespace

std::string in_same_store(const GlobalArguments& global, const std::string& command) {
  constexpr std::string_view program = "brine ";
  const bool asks_a_store = command.starts_with(program) && !command.starts_with("brine init") &&
                            !command.starts_with("brine help") &&
                            command.find(" --store ") == std::string::npos &&
                            !command.ends_with("--help");
  if (!global.store || !asks_a_store) return command;
  return fmt::format("brine --store {} {}", quoted(*global.store), command.substr(program.size()));
}

std::string hint_for(const Arguments& arguments, const Error& error) {
  return in_same_store(arguments.global, error.hint().empty()
                                             ? general_hint(arguments, error)
                                             : with_files(arguments, error.hint()));
}

}  // namespace brine::cli
