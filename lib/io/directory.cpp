#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/system.hpp"

namespace brine::io {

void sync_directory(const std::filesystem::path& directory) {
  const Fd fd = open_or_throw(directory, O_RDONLY | O_DIRECTORY, "sync");
  sync(fd.get(), directory);
}

// Where another process makes the same directory at the same time, both sync its parent.
void make_directories(const std::filesystem::path& path, unsigned mode) {
  std::error_code error;
  if (path.empty() || std::filesystem::is_directory(path, error)) return;
  make_directories(path.parent_path(), mode);
  if (::mkdir(path.c_str(), mode) != 0 && errno != EEXIST) {
    throw_errno(errno, "create directory", path);
  }
  if (!std::filesystem::is_directory(path, error)) {
    throw_errno(ENOTDIR, "create directory", path);
  }
  sync_directory(directory_of(path));
}

void remove_file(const std::filesystem::path& path) {
  if (::unlink(path.c_str()) == 0) {
    sync_directory(directory_of(path));
  } else if (errno != ENOENT) {
    throw_errno(errno, "remove", path);
  }
}

void discard_file(const std::filesystem::path& path) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) throw_errno(errno, "remove", path);
}

}  // namespace brine::io
