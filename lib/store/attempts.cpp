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
    if (entry->path().stem() != id) continue;
    if (!io::is_held(entry->path())) files.push_back(entry->path());
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
  for (const path& file : dead(layout, id)) io::remove_file(file);
}

}  // namespace brine::store
