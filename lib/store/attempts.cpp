#include "store/attempts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/text.hpp"
#include "io/file.hpp"

namespace brine::store {
namespace {

path place_of(const Layout& layout, std::string_view id) {
  io::make_directories(layout.attempts());
  return layout.attempts() / fmt::format("{}.{}", id, base::random_id());
}

std::vector<path> dead(const Layout& layout, std::string_view id) {
  std::vector<path> files;
  std::error_code failure;
  for (std::filesystem::directory_iterator entry(layout.attempts(), failure), end;
       !failure && entry != end; entry.increment(failure)) {
    if (entry->path().stem() == id && io::is_abandoned(entry->path())) {
      files.push_back(entry->path());
    }
  }
  return files;
}

}  // namespace

AttemptRecord::AttemptRecord(const Layout& layout, std::string_view id)
    : file_(place_of(layout, id)) {}

unsigned dead_attempts(const Layout& layout, std::string_view id) {
  return static_cast<unsigned>(dead(layout, id).size());
}

void forget_dead_attempts(const Layout& layout, std::string_view id) {
  const std::vector<path> files = dead(layout, id);
  for (const path& file : files) io::discard_file(file);
  if (!files.empty()) io::sync_directory(layout.attempts());
}

}  // namespace brine::store
