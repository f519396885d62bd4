#include "catalog/failure.hpp"

#include <fmt/format.h>
#include <sqlite3.h>

#include <cerrno>
#include <system_error>

#include "brine/hint.hpp"

namespace brine::catalog {
namespace {

constexpr std::string_view reindex = "brine reindex";

Errc input_output_code(int extended, int system_error) {
  if (system_error == ENOSPC || system_error == EDQUOT) return Errc::no_space;
  switch (extended) {
    case SQLITE_IOERR_SHORT_READ:
    case SQLITE_IOERR_CORRUPTFS:
    case SQLITE_IOERR_DATA:
      return Errc::corrupt;
    default:
      return Errc::environment;
  }
}

Errc code_of(int extended, int system_error) {
  switch (extended & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_TOOBIG:
      return Errc::corrupt;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return Errc::busy;
    case SQLITE_FULL:
      return Errc::no_space;
    case SQLITE_IOERR:
      return input_output_code(extended, system_error);
    case SQLITE_CANTOPEN:
      return system_error == ENOENT ? Errc::not_found : Errc::environment;
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_NOMEM:
    case SQLITE_NOLFS:
      return Errc::environment;
    default:
      return Errc::internal;
  }
}

// A directory under the catalog's name is out of the way once the catalog is rebuilt.
std::string hint_of(Errc code, const std::filesystem::path& path) {
  std::error_code ignored;
  const bool in_the_way = std::filesystem::is_directory(path, ignored);
  switch (code) {
    case Errc::no_space:
      return at_place("df -h", path);
    case Errc::not_found:
      return std::string(reindex);
    case Errc::environment:
      return in_the_way ? std::string(reindex) : at_place("ls -la", path);
    default:
      return {};
  }
}

}  // namespace

std::string path_of(sqlite3* database) {
  const char* path = sqlite3_db_filename(database, "main");
  return path == nullptr ? std::string() : std::string(path);
}

Error damaged(sqlite3* database, std::string_view what) {
  return Error(Errc::corrupt, fmt::format("catalog {}: {}", path_of(database), what),
               std::string(reindex));
}

Error failure(sqlite3* database) {
  const int extended = sqlite3_extended_errcode(database);
  const Errc code = code_of(extended, sqlite3_system_errno(database));
  if (code == Errc::corrupt) return damaged(database, sqlite3_errmsg(database));
  if (extended == SQLITE_READONLY_ROLLBACK) {
    return Error(code,
                 fmt::format("catalog {}: a write was interrupted, and undoing it needs "
                             "permission to write",
                             path_of(database)),
                 at_place("ls -la", path_of(database)));
  }
  const int offset = sqlite3_error_offset(database);
  return Error(
      code,
      fmt::format("catalog {}: {} (SQLite code {}{})", path_of(database), sqlite3_errmsg(database),
                  extended, offset < 0 ? "" : fmt::format(", byte {} of the SQL", offset)),
      hint_of(code, path_of(database)));
}

Error open_failure(sqlite3* database, const std::filesystem::path& path) {
  const int extended = sqlite3_extended_errcode(database);
  const int system_error = sqlite3_system_errno(database);
  const Errc code = code_of(extended, system_error);
  const std::string reason = std::generic_category().message(system_error);
  return Error(code, fmt::format("catalog {}: cannot open it: {}", path.string(), reason),
               hint_of(code, path));
}

}  // namespace brine::catalog
