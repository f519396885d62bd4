// The next command to try, where the library does not know which one it was called from.
#pragma once

#include <string>

#include "brine/error.hpp"

#include "arguments.hpp"

namespace brine::cli {

/// Returns the hint of `error`, or what helps most after `arguments`; empty after a bug.
std::string hint_for(const Arguments& arguments, const Error& error);

}  // namespace brine::cli
