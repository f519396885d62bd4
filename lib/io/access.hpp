// Who may do what with a path.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

namespace brine::io {

/// Whether this process may create and change files in `directory`: its permissions allow it and
/// the file system is not mounted read-only.
bool is_writable(const std::filesystem::path& directory);

/// Whether `file` belongs to the user of this process (or to root) and nobody else may write it.
bool is_ours_alone(const std::filesystem::path& file);

/// Which file a name stands for at the moment.
struct FileIdentity {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  friend bool operator==(const FileIdentity&, const FileIdentity&) = default;
};

/// Returns nothing when there is no such file, or none that this process may see.
std::optional<FileIdentity> identity_of(const std::filesystem::path& file);

}  // namespace brine::io
