// The one place where the failures of SQLite become errors of brine.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "brine/error.hpp"

struct sqlite3;

namespace brine::catalog {

/// Returns the error for what `database` failed in last.
Error failure(sqlite3* database);

/// The same where there is no connection yet.
Error open_failure(sqlite3* database, const std::filesystem::path& path);

/// Returns the error for content that brine never wrote.
Error damaged(sqlite3* database, std::string_view what);

/// The file, as SQLite resolved its name; empty until one is open.
std::string path_of(sqlite3* database);

}  // namespace brine::catalog
