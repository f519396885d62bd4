// System calls that finish: interrupted ones go on, short ones are completed, failures are Errors.
// For this room only.
#pragma once

#include <cerrno>

#include "io/file.hpp"

namespace brine::io {

/// Repeats `call` while a signal interrupts it.
template <typename Call>
auto uninterrupted(Call&& call) {
  for (;;) {
    const auto result = call();
    if (result >= 0 || errno != EINTR) return result;
  }
}

/// Opens `path` with O_CLOEXEC added; no descriptor, and errno set, when that fails.
Fd try_open(const std::filesystem::path& path, int flags, unsigned mode = 0);

/// Opens `path` with O_CLOEXEC added, or throws "cannot <doing> ...".
Fd open_or_throw(const std::filesystem::path& path, int flags, std::string_view doing);

/// Reads once. 0 is the end.
std::size_t read_some(int fd, ByteSpan buffer, const std::filesystem::path& path);

/// Fills `buffer`. Throws corrupt when the file ends first.
void read_all_at(int fd, std::uint64_t offset, ByteSpan buffer, const std::filesystem::path& path);

void write_all_at(int fd, std::uint64_t offset, ByteView bytes, const std::filesystem::path& path);

/// fsync, or throws.
void sync(int fd, const std::filesystem::path& path);

/// Opens a file without a name in `directory`; none, and errno set, where that cannot be done.
Fd try_open_nameless(const std::filesystem::path& directory, unsigned mode);

/// Says whether `errno_value` of try_open_nameless() means that the file system cannot do it.
bool lacks_nameless_files(int errno_value) noexcept;

/// The directory that holds `path`.
std::filesystem::path directory_of(const std::filesystem::path& path);

}  // namespace brine::io
