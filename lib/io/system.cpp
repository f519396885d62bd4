#include "io/system.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <system_error>
#include <utility>

#include "base/text.hpp"
#include "brine/error.hpp"
#include "brine/hint.hpp"

namespace brine::io {
namespace {

Errc code_of(int errno_value) {
  switch (errno_value) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      return Errc::no_space;
    case ENOENT:
      return Errc::not_found;
    default:
      return Errc::environment;
  }
}

// Absence brings no hint: what is missing, and why it matters, is the caller's to say.
std::string hint_of(int errno_value, const std::filesystem::path& path) {
  if (errno_value == EFBIG) return "ulimit -f";
  switch (code_of(errno_value)) {
    case Errc::no_space:
      return at_place("df -h", path);
    case Errc::environment:
      return at_place("ls -la", path);
    default:
      return {};
  }
}

}  // namespace

Fd::Fd(Fd&& other) noexcept : number_(std::exchange(other.number_, -1)) {}

Fd& Fd::operator=(Fd&& other) noexcept {
  std::swap(number_, other.number_);
  return *this;
}

// Linux closes the descriptor also when close() is interrupted; a second try could hit another.
Fd::~Fd() {
  if (number_ >= 0) ::close(number_);
}

void throw_errno(int errno_value, std::string_view doing, const std::filesystem::path& path) {
  throw Error(code_of(errno_value),
              fmt::format("cannot {} {}: {}", doing, base::printable(path.native()),
                          std::generic_category().message(errno_value)),
              hint_of(errno_value, path));
}

Fd try_open(const std::filesystem::path& path, int flags, unsigned mode) {
  return Fd(uninterrupted([&] { return ::open(path.c_str(), flags | O_CLOEXEC, mode); }));
}

Fd open_or_throw(const std::filesystem::path& path, int flags, std::string_view doing) {
  Fd fd = try_open(path, flags);
  if (!fd) throw_errno(errno, doing, path);
  return fd;
}

std::size_t read_some(int fd, ByteSpan buffer, const std::filesystem::path& path) {
  const auto got = uninterrupted([&] { return ::read(fd, buffer.data(), buffer.size()); });
  if (got < 0) throw_errno(errno, "read", path);
  return static_cast<std::size_t>(got);
}

void read_all_at(int fd, std::uint64_t offset, ByteSpan buffer, const std::filesystem::path& path) {
  while (!buffer.empty()) {
    const auto got = uninterrupted(
        [&] { return ::pread(fd, buffer.data(), buffer.size(), static_cast<off_t>(offset)); });
    if (got < 0) throw_errno(errno, "read", path);
    if (got == 0) {
      throw Error(Errc::corrupt,
                  fmt::format("{} ends at byte {}, expected {} more",
                              base::printable(path.native()), offset, buffer.size()));
    }
    offset += static_cast<std::uint64_t>(got);
    buffer = buffer.subspan(static_cast<std::size_t>(got));
  }
}

void write_all_at(int fd, std::uint64_t offset, ByteView bytes, const std::filesystem::path& path) {
  while (!bytes.empty()) {
    const auto put = uninterrupted(
        [&] { return ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset)); });
    if (put < 0) throw_errno(errno, "write", path);
    offset += static_cast<std::uint64_t>(put);
    bytes = bytes.subspan(static_cast<std::size_t>(put));
  }
}

void sync(int fd, const std::filesystem::path& path) {
  if (uninterrupted([&] { return ::fsync(fd); }) != 0) throw_errno(errno, "sync", path);
}

Fd try_open_nameless(const std::filesystem::path& directory, unsigned mode) {
  return try_open(directory, O_TMPFILE | O_RDWR, mode);
}

// Kernels before 3.11 take O_TMPFILE for an attempt to write to a directory.
bool lacks_nameless_files(int errno_value) noexcept {
  return errno_value == EOPNOTSUPP || errno_value == EISDIR;
}

std::filesystem::path directory_of(const std::filesystem::path& path) {
  const std::filesystem::path parent = path.parent_path();
  return parent.empty() ? "." : parent;
}

}  // namespace brine::io
