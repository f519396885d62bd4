// The next command to try, where the library does not know which one it was called from.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "arguments.hpp"
#include "brine/error.hpp"

namespace brine::cli {

/// Returns `command` for the store that the command line or $BRINE_STORE names.
std::string in_same_store(const GlobalArguments& global, const std::string& command);

/// Returns a name in `directory` that is free, for the payload that `reference` names.
std::string new_file_for(std::string_view reference, const std::filesystem::path& directory);

/// Returns the hint of `error`, or what helps most after `arguments`; empty after a bug.
std::string hint_for(const Arguments& arguments, const Error& error);

}  // namespace brine::cli
