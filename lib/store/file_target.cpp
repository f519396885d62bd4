#include "store/file_target.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "brine/hint.hpp"

namespace brine::store {
namespace {

namespace fs = std::filesystem;

constexpr int most_links = 40;  // as many as the kernel follows

// Through a link to the file that it names, as cp(1) does: a `latest.pkl` stays a link.
fs::path followed(fs::path path) {
  std::error_code failure;
  for (int links = 0; links < most_links && fs::is_symlink(path, failure); ++links) {
    // An absolute target takes the place of the whole path.
    path = path.parent_path() / fs::read_symlink(path, failure);
    if (failure) break;
  }
  return path;
}

// To replace a device by a file would harm the machine, to replace a pack the store.
fs::path checked(fs::path path, const fs::path& store) {
  std::error_code failure;
  const fs::file_status status = fs::status(path, failure);
  if (fs::exists(status) && !fs::is_regular_file(status)) {
    throw Error(Errc::environment,
                fmt::format("cannot write {}: it is there and no regular file",
                            base::printable(path.string())),
                fmt::format("ls -ld {}", shell_word(base::printable(path.string()))));
  }
  const fs::path place = fs::weakly_canonical(fs::absolute(path), failure);
  const fs::path root = fs::weakly_canonical(store, failure);
  const auto difference = std::mismatch(root.begin(), root.end(), place.begin(), place.end());
  if (difference.first == root.end()) {
    throw Error(Errc::usage,
                fmt::format("{} lies inside the store", base::printable(path.string())),
                at_place("ls -la", root.parent_path()));
  }
  return path;
}

}  // namespace

FileTarget::FileTarget(const fs::path& path, const fs::path& root)
    : file_(checked(followed(path), root), io::Publish::replace) {}

}  // namespace brine::store
