#include "io/file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "base/text.hpp"
#include "brine/error.hpp"
#include "brine/hint.hpp"
#include "io/system.hpp"

namespace brine::io {
namespace {

struct stat status_of(int fd, const std::filesystem::path& path) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) throw_errno(errno, "read", path);
  return status;
}

struct stat require_regular(int fd, const std::filesystem::path& path) {
  const struct stat status = status_of(fd, path);
  if (S_ISREG(status.st_mode)) return status;
  throw Error(Errc::environment,
              fmt::format("cannot open {}: not a regular file", base::printable(path.native())));
}

}  // namespace

// O_NONBLOCK: opening a named pipe would wait for a writer before it could be refused.
File::File(const std::filesystem::path& path)
    : path_(path), fd_(open_or_throw(path, O_RDONLY | O_NONBLOCK, "open")) {
  size_ = static_cast<std::uint64_t>(require_regular(fd_.get(), path_).st_size);
}

void File::read_at(std::uint64_t offset, ByteSpan buffer) const {
  read_all_at(fd_.get(), offset, buffer, path_);
}

File open_input(const std::filesystem::path& path) {
  try {
    return File(path);
  } catch (const Error& error) {
    if (error.code() != Errc::not_found) throw;
    throw Error(Errc::not_found, fmt::format("there is no file {}", base::printable(path.native())),
                at_place("ls -la", path));
  }
}

FileSource::FileSource(const std::filesystem::path& path) : path_(path) {
  if (path == "-") {
    path_ = "standard input";
    number_ = STDIN_FILENO;
    return;
  }
  fd_ = open_or_throw(path, O_RDONLY, "open");
  number_ = fd_.get();
}

std::size_t FileSource::read(ByteSpan buffer) { return read_some(number_, buffer, path_); }

std::size_t SequentialSource::read(ByteSpan buffer) {
  const std::uint64_t rest = source_.size() - at_;
  const std::size_t count = static_cast<std::size_t>(std::min<std::uint64_t>(rest, buffer.size()));
  source_.read_at(at_, buffer.first(count));
  at_ += count;
  return count;
}

void MemoryFile::read_at(std::uint64_t offset, ByteSpan buffer) const {
  if (offset > bytes_.size() || buffer.size() > bytes_.size() - offset) {
    throw Error(Errc::corrupt, fmt::format("{} bytes at {} lie outside the {} in memory",
                                           buffer.size(), offset, bytes_.size()));
  }
  std::ranges::copy(bytes_.subspan(static_cast<std::size_t>(offset), buffer.size()),
                    buffer.begin());
}

// The size is a hint only: pipes and /proc have none. One byte more than it finds the end at once.
Bytes read_file(const std::filesystem::path& path, std::uint64_t max_bytes) {
  // Not blocking: a FIFO under the name must not hold its reader for ever.
  const Fd fd = open_or_throw(path, O_RDONLY | O_NONBLOCK, "open");
  const struct stat status = require_regular(fd.get(), path);
  const auto hint = static_cast<std::uint64_t>(status.st_size);
  Bytes content(static_cast<std::size_t>(std::min(hint, max_bytes)) + 1);
  std::size_t held = 0;
  while (const std::size_t got = read_some(fd.get(), ByteSpan(content).subspan(held), path)) {
    held += got;
    if (held > max_bytes) {
      throw Error(Errc::limit, fmt::format("{} has more than {} bytes, the limit",
                                           base::printable(path.native()), max_bytes));
    }
    if (held == content.size()) content.resize(held * 2);
  }
  content.resize(held);
  return content;
}

void copy(Source& source, Sink& sink) {
  Bytes buffer(64U << 10);  // a zip may have a million small members
  while (const std::size_t got = source.read(buffer)) sink.write(ByteView(buffer).first(got));
}

}  // namespace brine::io
