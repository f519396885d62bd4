// One lock file per store; the kernel lets go of it when its holder dies.
#pragma once

#include <chrono>
#include <filesystem>

#include "io/file.hpp"

namespace brine::io {

enum class Hold : std::uint8_t { shared, exclusive };

/// Holds flock() on `path`, which is created if missing, until destroyed.
/// Throws: busy after `timeout`, naming the lock; environment. Threads of one process exclude one
/// another as processes do, since each lock opens the file anew.
class FileLock {
 public:
  FileLock(const std::filesystem::path& path, Hold hold, std::chrono::milliseconds timeout);
  FileLock(FileLock&&) noexcept = default;
  FileLock& operator=(FileLock&& other) noexcept;
  ~FileLock();

 private:
  Fd fd_;
};

}  // namespace brine::io
