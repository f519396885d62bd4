#include "payloads.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "brine/hint.hpp"
#include "command_line.hpp"
#include "hints.hpp"
#include "store_location.hpp"
#include "streams.hpp"
#include "suggest.hpp"
#include "terminal.hpp"

namespace brine::cli {
namespace {

namespace fs = std::filesystem;

// Returns nothing where no store has it, or no store is there.
std::optional<Snapshot> find(const GlobalArguments& global, const std::string& reference) {
  try {
    return open_store(global).resolve(reference);
  } catch (const Error& error) {
    if (error.code() != Errc::not_found && error.code() != Errc::usage) throw;
    return std::nullopt;
  }
}

bool looks_like_file(const std::string& target) {
  const bool has_mark = target.find_first_of(":@~") != std::string::npos;
  return target.find('/') != std::string::npos || (!has_mark && fs::path(target).has_extension());
}

// The file beside `target` whose name is most like its own, spelled as the user would. By stems:
// every second file of a directory ends in the same way.
std::optional<std::string> near_file(const fs::path& target) {
  const fs::path parent = target.parent_path();
  std::vector<fs::path> files = files_in(parent.empty() ? "." : parent);
  std::sort(files.begin(), files.end());
  std::stable_partition(files.begin(), files.end(), [&](const fs::path& file) {
    return file.extension() == target.extension();
  });
  std::vector<std::string> stems;
  for (const fs::path& file : files) stems.push_back(file.stem().string());
  const std::vector<std::string_view> views(stems.begin(), stems.end());
  const auto near = closest(target.stem().string(), views);
  if (!near) return std::nullopt;
  const auto at = std::find(stems.begin(), stems.end(), *near) - stems.begin();
  return (parent / files[static_cast<std::size_t>(at)]).string();
}

[[noreturn]] void throw_neither(const Arguments& arguments, const std::string& target) {
  throw Error(Errc::not_found, fmt::format("there is neither a file nor a snapshot '{}'", target),
              with_near_file(arguments, target).value_or(at_place("ls -la", target)));
}

// Throws what is wrong with a target that is no snapshot, if it was meant for a file.
void throw_if_for_file(const Arguments& arguments, const std::string& target) {
  std::error_code ignored;
  const fs::file_status status = fs::status(target, ignored);
  if (target == "-") {
    throw Error(Errc::usage, "standard input is no snapshot",
                fmt::format("brine scan {}", word_of_file(target)));
  }
  if (fs::is_regular_file(status)) {
    throw Error(Errc::not_found, fmt::format("{} is a file and no snapshot", target),
                fmt::format("brine scan {}", shell_word(target)));
  }
  if (fs::exists(status)) {
    throw Error(Errc::environment,
                fmt::format("{} is {} and no file", target,
                            fs::is_directory(status) ? "a directory" : "a pipe or a device"),
                at_place("ls -la", target));
  }
  const bool is_link = fs::is_symlink(fs::symlink_status(target, ignored));
  if (is_link || looks_like_file(target)) throw_neither(arguments, target);
}

}  // namespace

std::vector<fs::path> files_in(const fs::path& directory) {
  constexpr std::size_t most_looked_at = 10'000;
  std::vector<fs::path> files;
  std::error_code failure;
  fs::directory_iterator each(directory, failure);
  for (; !failure && each != fs::directory_iterator() && files.size() < most_looked_at;
       each.increment(failure)) {
    std::error_code ignored;
    if (each->is_regular_file(ignored)) files.push_back(each->path().filename());
  }
  return files;
}

Snapshot snapshot_of(const Arguments& arguments, const std::string& target) {
  const bool has_store = named_store(arguments.global) || Store::find(fs::current_path());
  if (!has_store) throw_if_for_file(arguments, target);
  const Store store = open_store(arguments.global);
  try {
    return store.resolve(target);
  } catch (const Error& error) {
    if (error.code() != Errc::not_found && error.code() != Errc::usage) throw;
    throw_if_for_file(arguments, target);
    throw;
  }
}

bool is_file(const GlobalArguments& global, const std::string& target) {
  std::error_code ignored;
  if (!fs::is_regular_file(target, ignored)) return false;
  return target.find('/') != std::string::npos || !find(global, target);
}

InputPayload::InputPayload(const Arguments& arguments, const std::string& target)
    : name_(target), file_(target) {
  const bool is_path = target.find('/') != std::string::npos;
  if (target == "-") {
    name_ = "standard input";
    loaded_ = std::make_unique<Spool>();
  } else if (!is_path && !is_file(arguments.global, target)) {
    load(arguments, target);
  }
}

void InputPayload::load(const Arguments& arguments, const std::string& reference) {
  snapshot_of(arguments, reference);
  loaded_ = std::make_unique<TemporaryFile>();
  Store store = open_store(arguments.global);
  store.load(reference, *loaded_);
}

std::string word_of_file(const std::string& target) {
  return shell_word(target == "-" ? input_file().value_or(target) : target);
}

std::optional<std::string> with_near_file(const Arguments& arguments, const std::string& file) {
  std::error_code ignored;
  if (fs::exists(file, ignored)) return std::nullopt;
  const auto near = near_file(file);
  const auto mended = near ? with_word(arguments.words, file, *near) : std::nullopt;
  return mended ? std::optional(command_of(*mended)) : std::nullopt;
}

void keep_from_terminal(const Arguments& arguments, const std::optional<std::string>& output,
                        const std::string& name) {
  if (output || !is_terminal(Stream::output)) return;
  throw Error(Errc::usage, "a checkpoint is not for a terminal to show",
              command_of(with(arguments.words, {"-o", new_file_for(name, {})})));
}

}  // namespace brine::cli
