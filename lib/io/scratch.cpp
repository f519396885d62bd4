#include <fcntl.h>
#include <fmt/format.h>
#include <stdlib.h>
#include <unistd.h>

#include "brine/error.hpp"
#include "io/system.hpp"

namespace brine::io {
namespace {

std::filesystem::path place_for_temporaries() {
  std::error_code error;
  auto path = std::filesystem::temp_directory_path(error);
  if (error) {
    throw Error(Errc::environment,
                fmt::format("no place for temporary files: {}", error.message()),
                "set TMPDIR to a directory");
  }
  return path;
}

Fd open_scratch(const std::filesystem::path& directory) {
  Fd fd = try_open_nameless(directory, 0600);
  if (fd) return fd;
  if (!lacks_nameless_files(errno)) throw_errno(errno, "write a temporary file in", directory);
  std::string name = (directory / ".tmp-XXXXXX").string();
  fd = Fd(::mkostemp(name.data(), O_CLOEXEC));
  if (!fd) throw_errno(errno, "write a temporary file in", directory);
  ::unlink(name.c_str());
  return fd;
}

}  // namespace

ScratchFile::ScratchFile(const std::filesystem::path& directory)
    : path_(directory.empty() ? place_for_temporaries() : directory), fd_(open_scratch(path_)) {
  path_ /= "(temporary file)";
}

void ScratchFile::write(ByteView bytes) {
  write_all_at(fd_.get(), size_, bytes, path_);
  size_ += bytes.size();
}

void ScratchFile::read_at(std::uint64_t offset, ByteSpan buffer) const {
  read_all_at(fd_.get(), offset, buffer, path_);
}

}  // namespace brine::io
