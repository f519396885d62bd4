// Who may do what with a path.
#pragma once

#include <filesystem>

namespace brine::io {

/// Whether this process may create and change files in `directory`: its permissions allow it and
/// the file system is not mounted read-only.
bool is_writable(const std::filesystem::path& directory);

/// Whether `file` belongs to the user of this process (or to root) and nobody else may write it.
bool is_ours_alone(const std::filesystem::path& file);

}  // namespace brine::io
