// What hints are made of: commands that a reader pastes into a shell.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "brine/version.hpp"

namespace brine {

/// Returns `text` as one word of a POSIX shell: as it is, or in single quotes.
BRINE_API std::string shell_word(std::string_view text);

/// Returns `hint` for the store in `root`: with `--store ROOT`, where it is a command of brine's
/// that works on a store and names none; otherwise as it is.
BRINE_API std::string for_store(std::string_view hint, const std::filesystem::path& root);

/// Returns `tool` for the directory that `path` is or lies in, or the nearest one above that is
/// there: `df -h runs`. Control characters in the path are escaped.
BRINE_API std::string at_place(std::string_view tool, const std::filesystem::path& path);

}  // namespace brine
