// Locks that the kernel lets go of when their holder dies: one per store, one per load under way.
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

/// A file that stands under its name, locked, until destroyed. Where its process dies, the file
/// stays and the lock goes, which is_abandoned() tells. It holds the number of its own inode, so
/// that a copy (a backup of a store in use) is no sign of a death. A child that was forked
/// meanwhile shares the lock, and keeps it while it lives.
class HeldFile {
 public:
  /// Durable when it returns, and never seen without its lock. Throws: environment, no_space.
  explicit HeldFile(std::filesystem::path path);
  HeldFile(HeldFile&& other) noexcept;
  HeldFile& operator=(HeldFile&& other) noexcept;
  ~HeldFile();

 private:
  std::filesystem::path path_;  // empty when moved from
  Fd fd_;
};

/// Whether `path` is a HeldFile whose process died. What cannot be asked is none.
bool is_abandoned(const std::filesystem::path& path);

}  // namespace brine::io
