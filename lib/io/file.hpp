// Files of the local system: owned descriptors, whole reads, publication that is all or nothing.
#pragma once

#include <filesystem>
#include <memory>
#include <string_view>

#include "brine/bytes.hpp"

namespace brine::io {

/// Owns a file descriptor.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int number) noexcept : number_(number) {}
  Fd(Fd&& other) noexcept;
  Fd& operator=(Fd&& other) noexcept;
  ~Fd();
  int get() const noexcept { return number_; }
  explicit operator bool() const noexcept { return number_ >= 0; }

 private:
  int number_ = -1;
};

/// Throws the Error for `errno_value`: no_space for ENOSPC, EDQUOT and EFBIG, not_found for ENOENT,
/// environment for the rest. `doing` and `path` make the sentence: "cannot <doing> <path>: <why>".
[[noreturn]] void throw_errno(int errno_value, std::string_view doing,
                              const std::filesystem::path& path);

/// A regular file, read only. Throws: not_found, environment.
class File final : public RandomSource {
 public:
  explicit File(const std::filesystem::path& path);
  std::uint64_t size() const override { return size_; }
  void read_at(std::uint64_t offset, ByteSpan buffer) const override;

 private:
  std::filesystem::path path_;
  Fd fd_;
  std::uint64_t size_ = 0;
};

/// Opens a file that a caller named. Throws: not_found in the one sentence that all verbs have for
/// it; environment.
File open_input(const std::filesystem::path& path);

/// Reads a file, or standard input for `-`, from front to end. Throws: not_found, environment.
class FileSource final : public Source {
 public:
  explicit FileSource(const std::filesystem::path& path);
  std::size_t read(ByteSpan buffer) override;

 private:
  std::filesystem::path path_;
  Fd fd_;
  int number_ = 0;
};

/// Reads any random source from front to end. Lifetime: borrows `source`.
class SequentialSource final : public Source {
 public:
  explicit SequentialSource(const RandomSource& source) : source_(source) {}
  std::size_t read(ByteSpan buffer) override;

 private:
  const RandomSource& source_;
  std::uint64_t at_ = 0;
};

/// Bytes in memory as a random source. Lifetime: borrows `bytes`.
class MemoryFile final : public RandomSource {
 public:
  explicit MemoryFile(ByteView bytes) : bytes_(bytes) {}
  std::uint64_t size() const override { return bytes_.size(); }
  void read_at(std::uint64_t offset, ByteSpan buffer) const override;

 private:
  ByteView bytes_;
};

/// An unnamed temporary file: written first, then read anywhere. Gone when destroyed.
class ScratchFile final : public RandomSource, public Sink {
 public:
  /// In `directory`, or the system's place for temporary files when it is empty.
  explicit ScratchFile(const std::filesystem::path& directory = {});
  void write(ByteView bytes) override;
  std::uint64_t size() const override { return size_; }
  void read_at(std::uint64_t offset, ByteSpan buffer) const override;

 private:
  std::filesystem::path path_;
  Fd fd_;
  std::uint64_t size_ = 0;
};

enum class Publish : std::uint8_t {
  create_only,  ///< exists, when something has the name already
  replace,
};

/// A file that appears under its name whole and durable at commit(), or never. Until then it has
/// no name (O_TMPFILE), or where the file system cannot do that a `.tmp-` name beside the target
/// that the destructor removes. A failed fsync is never tried again: the file is abandoned.
/// Mode 0600 & ~umask for stores' own files comes from `mode`.
class AtomicFile final : public RandomSource, public Sink {
 public:
  AtomicFile(std::filesystem::path target, Publish publish, unsigned mode = 0644);
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  ~AtomicFile() override;

  void write(ByteView bytes) override;
  /// Reads back what was written so far.
  void read_at(std::uint64_t offset, ByteSpan buffer) const override;
  std::uint64_t size() const override { return size_; }
  /// Forgets what was written.
  void restart();
  /// fsync, publish, fsync of the directory. Throws: exists, no_space, environment.
  void commit();

 private:
  void publish();
  void require_open() const;

  std::filesystem::path target_;
  std::filesystem::path temporary_;  // empty while the file has no name
  Publish publish_;
  Fd fd_;
  std::uint64_t size_ = 0;
  bool open_ = true;  // until commit() is tried
};

/// Reads a whole file of at most `max_bytes`. Throws: not_found, limit, environment.
Bytes read_file(const std::filesystem::path& path, std::uint64_t max_bytes);

/// Makes `path` appear with this content, whole and durable.
void write_file(const std::filesystem::path& path, ByteView content, Publish publish,
                unsigned mode = 0644);

/// Creates a directory and every missing one above it, each durable in its parent.
void make_directories(const std::filesystem::path& path, unsigned mode = 0755);

/// Removes a file durably; absence is no error.
void remove_file(const std::filesystem::path& path);

/// Removes a file, without making that durable.
void discard_file(const std::filesystem::path& path);

/// Makes a rename, link or removal inside `directory` durable.
void sync_directory(const std::filesystem::path& directory);

/// Moves all of `source` into `sink` in pieces.
void copy(Source& source, Sink& sink);

}  // namespace brine::io
