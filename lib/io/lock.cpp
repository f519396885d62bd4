#include "io/lock.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <thread>
#include <utility>

#include "base/text.hpp"
#include "brine/error.hpp"
#include "brine/hint.hpp"
#include "io/system.hpp"

namespace brine::io {
namespace {

using namespace std::chrono_literals;

// Readers of a store that they cannot write to share its lock; NFS wants a writable descriptor for
// an exclusive one.
Fd open_lock(const std::filesystem::path& path, Hold hold) {
  Fd fd = try_open(path, (hold == Hold::shared ? O_RDONLY : O_RDWR) | O_CREAT, 0644);
  if (!fd) throw_errno(errno, "lock", path);
  return fd;
}

// What a HeldFile holds.
std::string inode_line(const struct stat& status) { return fmt::format("{}\n", status.st_ino); }

bool try_lock(const Fd& fd, int operation, const std::filesystem::path& path) {
  if (uninterrupted([&] { return ::flock(fd.get(), operation | LOCK_NB); }) == 0) return true;
  if (errno != EWOULDBLOCK) throw_errno(errno, "lock", path);
  return false;
}

}  // namespace

FileLock::FileLock(const std::filesystem::path& path, Hold hold, std::chrono::milliseconds timeout)
    : fd_(open_lock(path, hold)) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  const int operation = hold == Hold::shared ? LOCK_SH : LOCK_EX;
  // The kernel offers no wait with a time-out; the pause grows so that long waits cost nothing.
  for (auto pause = 1ms; !try_lock(fd_, operation, path); pause = std::min(pause * 2, 50ms)) {
    if (std::chrono::steady_clock::now() >= deadline) {
      throw Error(Errc::busy,
                  fmt::format("cannot lock {}: another process holds it, waited {} ms",
                              base::printable(path.native()), timeout.count()),
                  fmt::format("fuser -v {}", shell_word(base::printable(path.native()))));
    }
    std::this_thread::sleep_for(pause);
  }
}

FileLock& FileLock::operator=(FileLock&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

// A child that was forked meanwhile shares the lock: closing our descriptor would leave it held.
FileLock::~FileLock() {
  if (fd_) ::flock(fd_.get(), LOCK_UN);
}

// Locked under another name first: under its own it must never look like one whose holder died.
HeldFile::HeldFile(std::filesystem::path path) : path_(std::move(path)) {
  const auto directory = directory_of(path_);
  const auto before = directory / (".tmp-" + path_.filename().native());
  fd_ = try_open(before, O_RDWR | O_CREAT | O_EXCL, 0644);
  if (!fd_) throw_errno(errno, "write", path_);
  try {
    if (!try_lock(fd_, LOCK_EX, path_)) throw_errno(EWOULDBLOCK, "lock", path_);
    struct stat status {};
    if (::fstat(fd_.get(), &status) != 0) throw_errno(errno, "read", path_);
    write_all_at(fd_.get(), 0, bytes_of(inode_line(status)), path_);
    sync(fd_.get(), path_);
    if (::rename(before.c_str(), path_.c_str()) != 0) throw_errno(errno, "write", path_);
    sync_directory(directory);
  } catch (...) {
    ::unlink(before.c_str());
    ::unlink(path_.c_str());
    throw;
  }
}

HeldFile::HeldFile(HeldFile&& other) noexcept
    : path_(std::exchange(other.path_, {})), fd_(std::move(other.fd_)) {}

HeldFile& HeldFile::operator=(HeldFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(fd_, other.fd_);
  return *this;
}

// A removal that a power cut takes back leaves a file without a lock: one try too many is spent,
// which costs less than making every removal durable.
HeldFile::~HeldFile() {
  if (path_.empty()) return;
  ::unlink(path_.c_str());
  ::flock(fd_.get(), LOCK_UN);
}

bool is_abandoned(const std::filesystem::path& path) {
  // A FIFO of that name must not make anybody wait.
  const Fd fd = try_open(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW);
  if (!fd || uninterrupted([&] { return ::flock(fd.get(), LOCK_SH | LOCK_NB); }) != 0) return false;
  // Looked at under the lock: whoever ends well removes the file first and lets go then.
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode) || status.st_nlink == 0) {
    return false;
  }
  std::array<char, 32> content{};
  const auto count =
      uninterrupted([&] { return ::read(fd.get(), content.data(), content.size()); });
  return count > 0 && std::string_view(content.data(), static_cast<std::size_t>(count)) ==
                          inode_line(status);
}

}  // namespace brine::io
