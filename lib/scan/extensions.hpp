// What the codes of EXT1, EXT2 and EXT4 stand for in the process that would load.
#pragma once

#include <span>
#include <string>

#include "pickle/machine.hpp"

namespace brine::scan {

/// Reads entries such as `240=package.module:Name`.
/// Throws: usage for a malformed entry, a code that is not from 1 to 2147483647, or one twice.
pickle::Extensions read_extensions(std::span<const std::string> entries);

}  // namespace brine::scan
