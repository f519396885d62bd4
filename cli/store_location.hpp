// Which store a command works on.
#pragma once

#include <filesystem>

#include "arguments.hpp"
#include "brine/store.hpp"

namespace brine::cli {

/// Returns --store, else $BRINE_STORE, if either is given.
std::optional<std::filesystem::path> named_store(const GlobalArguments& global);

/// Returns the named store, else the nearest `.brine` upwards. Throws: not_found.
std::filesystem::path locate_store(const GlobalArguments& global);

/// Says whether open_store() would open one.
bool has_store(const GlobalArguments& global);

Store open_store(const GlobalArguments& global);

}  // namespace brine::cli
