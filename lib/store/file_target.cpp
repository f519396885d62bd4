#include "store/file_target.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "brine/hint.hpp"
#include "store/layout.hpp"

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

// To replace a device by a file would harm the machine.
fs::path replaceable(const fs::path& path) {
  fs::path file = followed(path);
  std::error_code failure;
  const fs::file_status status = fs::status(file, failure);
  if (fs::exists(status) && !fs::is_regular_file(status)) {
    throw Error(Errc::environment,
                fmt::format("cannot write {}: it is there and no regular file",
                            base::printable(file.string())),
                fmt::format("ls -ld {}", shell_word(base::printable(file.string()))));
  }
  return file;
}

[[noreturn]] void refuse_inside(const fs::path& path, const fs::path& root) {
  throw Error(Errc::usage, fmt::format("{} lies inside the store", base::printable(path.string())),
              at_place("ls -la", root.parent_path()));
}

// To replace a pack would harm the store.
fs::path outside(const fs::path& path, const fs::path& store) {
  std::error_code failure;
  const fs::path place = fs::weakly_canonical(fs::absolute(path), failure);
  const fs::path root = fs::weakly_canonical(store, failure);
  const auto difference = std::mismatch(root.begin(), root.end(), place.begin(), place.end());
  if (difference.first == root.end()) refuse_inside(path, root);
  return path;
}

}  // namespace

fs::path output_path(const fs::path& path) {
  const fs::path file = replaceable(path);
  std::error_code failure;
  fs::path above = fs::weakly_canonical(fs::absolute(file), failure);
  while (above.has_relative_path()) {
    above = above.parent_path();
    if (fs::is_regular_file(Layout(above).options(), failure)) refuse_inside(file, above);
  }
  return file;
}

FileTarget::FileTarget(const fs::path& path, const fs::path& root)
    : file_(outside(replaceable(path), root), io::Publish::replace) {}

}  // namespace brine::store
