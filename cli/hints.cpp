#include "hints.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "brine/hint.hpp"
#include "command_line.hpp"
#include "commands.hpp"
#include "payloads.hpp"
#include "store_location.hpp"
#include "streams.hpp"
#include "suggest.hpp"
#include "verb_table.hpp"

namespace brine::cli {
namespace {

namespace fs = std::filesystem;

bool runs(const Arguments& arguments, int (*verb)(const Arguments&)) {
  return arguments.verb != nullptr && arguments.verb->run == verb;
}

std::string page_of(const Arguments& arguments) {
  return arguments.verb == nullptr ? "brine help"
                                   : fmt::format("brine help {}", arguments.verb->name);
}

// The file outside the store that the command line names, if any: of one line only one is filled.
std::string file_of(const Arguments& arguments) {
  for (const std::string& file : {arguments.save.file, arguments.load.output.value_or(""),
                                  arguments.convert.output.value_or(""), arguments.convert.input,
                                  arguments.scan.file, arguments.dis.file, arguments.table}) {
    if (!file.empty() && file != "-") return file;
  }
  return {};
}

// Where a verb writes a payload to; of one line only one is filled.
const std::optional<std::string>& output_of(const Arguments& arguments) {
  return arguments.load.output ? arguments.load.output : arguments.convert.output;
}

std::string hint_for_absence(const Arguments& arguments) {
  const std::string file = file_of(arguments);
  if (file.empty()) return "brine log";
  const fs::path parent = fs::path(file).parent_path();
  std::error_code ignored;
  if (output_of(arguments) && !parent.empty() && !fs::is_directory(parent, ignored)) {
    return fmt::format("mkdir -p {}", shell_word(parent.string()));
  }
  return at_place("ls -la", file);
}

std::string with_output(const Arguments& arguments, const std::string& file) {
  const auto& output = output_of(arguments);
  if (!output) return command_of(with(arguments.words, {"-o", file}));
  return command_of(
      with_value(with_value(arguments.words, "-o", *output, file), "--output", *output, file));
}

// What a file for a payload is called, without its suffix.
std::string name_of_payload(const Arguments& arguments) {
  const std::string& input = arguments.convert.input;
  return input.empty() ? arguments.load.reference : fs::path(input).stem().string();
}

// The line again, as the library's hint for it says: with --fallback, or with --no-migrate.
std::string load_again(const Arguments& arguments, std::string_view option) {
  Words words = with(arguments.words, {std::string(option)});
  if (!arguments.load.output) words = with(words, {"-o", "-"});
  return command_of(words);
}

// The file that a verb looked into; of one line only one is filled.
std::optional<std::string> looked_into(const Arguments& arguments) {
  const bool is_show = runs(arguments, run_show);
  for (const std::string& file : {arguments.dis.file, arguments.convert.input,
                                  is_show ? arguments.reference : std::string()}) {
    if (file == "-" || (!file.empty() && is_file(arguments.global, file))) return file;
  }
  return std::nullopt;
}

std::string hint_for_damage(const Arguments& arguments) {
  if (const auto file = looked_into(arguments))
    return fmt::format("brine scan {}", word_of_file(*file));
  return runs(arguments, run_load) ? load_again(arguments, "--fallback") : "brine verify";
}

// A scan takes what other verbs have no room for, and says what it is.
std::string hint_for_limit(const Arguments& arguments) {
  if (const auto file = looked_into(arguments))
    return fmt::format("brine scan {}", word_of_file(*file));
  return page_of(arguments);
}

// Returns what helps most after `error`, which brings no hint of its own.
std::string general_hint(const Arguments& arguments, const Error& error) {
  switch (error.code()) {
    case Errc::usage:
    case Errc::exists:
      return page_of(arguments);
    case Errc::not_found:
      return hint_for_absence(arguments);
    case Errc::corrupt:
      return hint_for_damage(arguments);
    case Errc::limit:
      return hint_for_limit(arguments);
    case Errc::unusable:
    case Errc::signature:
    case Errc::replay:
    case Errc::refused:
    case Errc::busy:
      return "brine log";
    case Errc::unsupported:
      return "brine version";
    case Errc::environment:
      return at_place("ls -la", file_of(arguments));
    case Errc::no_space:
      return at_place("df -h", file_of(arguments));
    case Errc::migration:
      return "brine help migrate";
    case Errc::internal:
      return {};
  }
  return {};
}

std::string save_as_is(const Arguments& arguments) {
  const std::string again = command_of(with(arguments.words, {"--as-is"}));
  if (arguments.save.file != "-") return again;
  const auto input = input_file();
  return input ? fmt::format("{} < {}", again, shell_word(*input)) : "brine help save";
}

// The line with names that are none mended; nothing where all of them are good.
std::optional<std::string> save_with_names(const Arguments& arguments) {
  const SaveArguments& save = arguments.save;
  const auto near = [](const std::string& name) {
    const bool is_mark = name == "latest" || name == "good";
    return is_mark ? fmt::format("tag-{}", name) : nearest_name(name);
  };
  Words words = arguments.words;
  if (const auto mended = with_word(words, save.line, nearest_name(save.line))) words = *mended;
  for (const std::string& tag : save.options.tags) {
    words = with_value(words, "--tag", tag, near(tag));
  }
  for (std::string& word : words) {
    for (const auto& [name, number] : save.options.metrics) {
      const std::string front = name + "=";
      const std::size_t at = word.starts_with("--metric=") ? 9 : 0;
      if (std::string_view(word).substr(at).starts_with(front)) {
        word.replace(at, name.size(), nearest_name(name));
      }
    }
  }
  return words == arguments.words ? std::nullopt : std::optional(command_of(words));
}

// Where a payload cannot go: into a directory, a device or the store itself.
std::optional<std::string> hint_for_output(const Arguments& arguments) {
  const std::string output = output_of(arguments).value_or("-");
  std::error_code failure;
  const fs::file_status status = fs::status(output, failure);
  if (output == "-") return std::nullopt;
  if (fs::is_directory(status)) {
    return with_output(arguments, new_file_for(name_of_payload(arguments), fs::path(output)));
  }
  if (fs::exists(status) && !fs::is_regular_file(status)) {
    return fmt::format("{} > {}", with_output(arguments, "-"), shell_word(output));
  }
  return std::nullopt;
}

// Where a payload cannot go: a line with a name for it that is free.
std::optional<std::string> hint_for_place(const Arguments& arguments, const Error& error) {
  const auto& output = output_of(arguments);
  if (error.code() == Errc::environment) return hint_for_output(arguments);
  const bool is_inside =
      error.code() == Errc::usage && output.has_value() && error.hint().starts_with("ls ");
  if (!is_inside) return std::nullopt;
  const fs::path name = fs::path(*output).filename();
  std::error_code ignored;
  const bool is_free = !name.empty() && !fs::exists(name, ignored);
  return with_output(arguments,
                     is_free ? name.string() : new_file_for(name_of_payload(arguments), {}));
}

std::optional<std::string> hint_for_load(const Arguments& arguments, const Error& error) {
  for (const std::string_view option : {"--fallback", "--no-migrate"}) {
    if (error.hint().starts_with("brine load ") && error.hint().ends_with(option)) {
      return load_again(arguments, option);
    }
  }
  return hint_for_place(arguments, error);
}

// The library's hint with the file that the line names; a snapshot has none.
std::optional<std::string> hint_for_file(const std::string& file, const Error& error) {
  constexpr std::string_view blank = " FILE";
  const std::string hint = error.hint() + " ";
  const std::size_t at = hint.find(std::string(blank) + " ");
  if (at == std::string::npos) return std::nullopt;
  return hint.substr(0, at + 1) + word_of_file(file) + error.hint().substr(at + blank.size());
}

// Whether what is no bare pickle has objects that JSON is made of.
bool holds_objects(const fs::path& file) {
  try {
    const ScanReport report = scan_file(file);
    return report.complete && report.pickles > 0;
  } catch (const Error&) {
    return false;
  }
}

std::optional<std::string> hint_for_container(const std::string& input) {
  const auto file = input == "-" ? input_file() : std::optional(input);
  if (!file || !holds_objects(*file)) return std::nullopt;
  return fmt::format("brine convert {} --to json", shell_word(*file));
}

std::optional<std::string> hint_for_convert(const Arguments& arguments, const Error& error) {
  const std::string& input = arguments.convert.input;
  if (error.hint().starts_with("brine convert --protocol ") && arguments.convert.protocol) {
    return command_of(with_value(arguments.words, "--protocol",
                                 std::to_string(*arguments.convert.protocol), "5"));
  }
  if (!error.hint().ends_with(" FILE")) return hint_for_place(arguments, error);
  if (input == "-" || is_file(arguments.global, input)) {
    const std::string_view said = error.what();
    const bool is_container = said.find(" is not converted") != std::string_view::npos;
    const auto as_json = is_container ? hint_for_container(input) : std::nullopt;
    return as_json ? as_json : hint_for_file(input, error);
  }
  return fmt::format("brine show {}", shell_word(input));
}

// The library knows neither files nor the rest of the line; a hint of it becomes the whole line.
std::optional<std::string> hint_for_verb(const Arguments& arguments, const Error& error) {
  if (runs(arguments, run_load)) return hint_for_load(arguments, error);
  if (runs(arguments, run_dis)) return hint_for_file(arguments.dis.file, error);
  if (runs(arguments, run_convert)) return hint_for_convert(arguments, error);
  if (!runs(arguments, run_save)) return std::nullopt;
  if (error.hint().ends_with(" --as-is")) return save_as_is(arguments);
  return error.code() == Errc::usage ? save_with_names(arguments) : std::nullopt;
}

// What a line that names a directory may have meant: the first file in it that can be listed.
std::optional<std::string> checkpoint_in(const fs::path& directory) {
  constexpr std::size_t most_tried = 16;
  std::vector<fs::path> files = files_in(directory);
  std::sort(files.begin(), files.end());
  if (files.size() > most_tried) files.resize(most_tried);
  for (const fs::path& file : files) {
    try {
      file_tensors(directory / file);
      return (directory / file).string();
    } catch (const Error&) {
      continue;
    }
  }
  return std::nullopt;
}

std::optional<std::string> hint_for_directory(const Arguments& arguments, const Error& error) {
  const bool is_show = runs(arguments, run_show);
  const std::string input = is_show ? arguments.reference : file_of(arguments);
  const bool reads = is_show || runs(arguments, run_scan) || runs(arguments, run_dis) ||
                     (runs(arguments, run_convert) && input == arguments.convert.input);
  std::error_code ignored;
  if (!reads || error.code() != Errc::environment || !fs::is_directory(input, ignored) ||
      std::string_view(error.what()).find(input) == std::string_view::npos) {
    return std::nullopt;
  }
  const auto file = checkpoint_in(input);
  const auto words = file ? with_word(arguments.words, input, *file) : std::nullopt;
  if (!words) return std::nullopt;
  const bool is_listed = !is_show || arguments.show.tensors || arguments.show.tree;
  return command_of(is_listed ? *words : with(*words, {"--tree"}));
}

bool is_of_missing_file(const Error& error) {
  return error.code() == Errc::not_found && error.hint().starts_with("ls ");
}

}  // namespace

std::string new_file_for(std::string_view reference, const fs::path& directory) {
  const std::string line(reference.substr(0, reference.find_first_of(":@~")));
  std::error_code ignored;
  fs::path file = (directory / (line + ".pkl")).lexically_normal();
  for (int copy = 2; fs::exists(file, ignored); ++copy) {
    file.replace_filename(fmt::format("{}-{}.pkl", line, copy));
  }
  return file.string();
}

std::string in_same_store(const GlobalArguments& global, const std::string& command) {
  const auto store = named_store(global);
  return store ? for_store(command, *store) : command;
}

std::string hint_for(const Arguments& arguments, const Error& error) {
  auto special = hint_for_directory(arguments, error);
  if (!special) special = hint_for_verb(arguments, error);
  if (!special && is_of_missing_file(error)) {
    special = with_near_file(arguments, file_of(arguments));
  }
  const std::string own =
      error.hint().empty() ? general_hint(arguments, error) : std::string(error.hint());
  return in_same_store(arguments.global, special.value_or(own));
}

}  // namespace brine::cli
