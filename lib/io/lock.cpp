#include "io/lock.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>

#include <algorithm>
#include <thread>
#include <utility>

#include "base/text.hpp"
#include "brine/error.hpp"
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
                  fmt::format("try again when it is done; `fuser -v {}` names it",
                              base::printable(path.native())));
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

}  // namespace brine::io
