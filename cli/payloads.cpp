#include "payloads.hpp"

#include <fmt/format.h>

#include "command_line.hpp"
#include "hints.hpp"
#include "store_location.hpp"
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

}  // namespace

bool is_file(const GlobalArguments& global, const std::string& target) {
  std::error_code ignored;
  if (!fs::is_regular_file(target, ignored)) return false;
  return target.find('/') != std::string::npos || !find(global, target);
}

InputPayload::InputPayload(const GlobalArguments& global, const std::string& target)
    : name_(target), file_(target) {
  const bool is_path = target.find('/') != std::string::npos;
  if (target == "-") {
    name_ = "standard input";
    loaded_ = std::make_unique<Spool>();
  } else if (!is_path && !is_file(global, target)) {
    load(global, target);
  }
}

void InputPayload::load(const GlobalArguments& global, const std::string& reference) {
  const bool has_store = named_store(global) || Store::find(fs::current_path());
  if (!has_store || (!find(global, reference) && fs::path(reference).has_extension())) {
    throw Error(Errc::not_found,
                fmt::format("there is neither a file nor a snapshot '{}'", reference));
  }
  loaded_ = std::make_unique<TemporaryFile>();
  Store store = open_store(global);
  store.load(reference, *loaded_);
}

void keep_from_terminal(const Arguments& arguments, const std::optional<std::string>& output,
                        const std::string& name) {
  if (output || !is_terminal(Stream::output)) return;
  throw Error(Errc::usage, "a checkpoint is not for a terminal to show",
              command_of(with(arguments.words, {"-o", new_file_for(name, {})})));
}

}  // namespace brine::cli
