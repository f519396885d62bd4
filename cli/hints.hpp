// The next command to try, where the library does not know which one it was called from.
#pragma once

#include <string>

#include "brine/error.hpp"

#include "arguments.hpp"

namespace brine::cli {

/// Returns `command` for the store that the command line names, where it is one of brine's.
std::string in_same_store(const GlobalArguments& global, const std::string& command);

/// Returns the hint of `error`, or what helps most after `arguments`; empty after a bug.
std::string hint_for(const Arguments& arguments, const Error& error);

}  // namespace brine::cli
