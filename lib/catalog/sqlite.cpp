#include "catalog/sqlite.hpp"

#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <limits>

#include "base/arithmetic.hpp"
#include "base/text.hpp"
#include "catalog/failure.hpp"

namespace brine::catalog {
namespace {

// The largest texts are migration tables, at most Limits::max_table_bytes, and details of events.
constexpr std::uint64_t max_text_bytes = 64ULL << 20;
// Rows that brine writes are shorter, so SQLITE_TOOBIG on reading means a damaged length.
constexpr int max_row_bytes = 256 << 20;

int flags_of(Access access) {
  constexpr int common = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  switch (access) {
    case Access::create:
      return common | SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    case Access::read_write:
      return common | SQLITE_OPEN_READWRITE;
    case Access::read_only:
      return common | SQLITE_OPEN_READONLY;
  }
  return common;
}

}  // namespace

void Statement::Finalize::operator()(sqlite3_stmt* statement) const noexcept {
  sqlite3_finalize(statement);
}

Statement::Statement(sqlite3* database, std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(database, sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  handle_.reset(statement);
  // The text is a literal that tests have run: a name that is missing is missing on disk.
  if (code == SQLITE_ERROR) throw damaged(database, sqlite3_errmsg(database));
  if (code != SQLITE_OK) throw failure(database);
}

Use::Use(const Statement& statement) : statement_(statement.handle_.get()) {
  assert(sqlite3_stmt_busy(statement_) == 0);
}

// What the reset returns is the failure of the last step, which has been thrown already.
Use::~Use() {
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

bool Use::next() {
  switch (sqlite3_step(statement_)) {
    case SQLITE_ROW: return true;
    case SQLITE_DONE: return false;
    default: throw failure(sqlite3_db_handle(statement_));
  }
}

void Use::run() {
  while (next()) {
  }
}

std::optional<std::int64_t> Use::run_returning() {
  if (!next()) return std::nullopt;
  const std::int64_t value = integer(0);
  run();
  return value;
}

void Use::bind_integer(int index, std::int64_t value) {
  if (sqlite3_bind_int64(statement_, index, value) != SQLITE_OK) {
    throw failure(sqlite3_db_handle(statement_));
  }
}

// SQLite makes NULL of NaN.
void Use::bind(int index, double value) {
  if (sqlite3_bind_double(statement_, index, value) != SQLITE_OK) {
    throw failure(sqlite3_db_handle(statement_));
  }
}

void Use::bind(int index, std::string_view value) {
  base::require_within(value.size(), max_text_bytes, "length of a text in the catalog");
  const char* begin = value.data() == nullptr ? "" : value.data();  // a null pointer binds NULL
  if (sqlite3_bind_text64(statement_, index, begin, value.size(), SQLITE_TRANSIENT,
                          SQLITE_UTF8) != SQLITE_OK) {
    throw failure(sqlite3_db_handle(statement_));
  }
}

Error Use::too_large() {
  return Error(Errc::limit, "a number is over the 63 bits that the catalog keeps");
}

bool Use::is_null(int column) const {
  return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

std::int64_t Use::integer(int column) const {
  require_type(column, SQLITE_INTEGER, "an integer");
  return sqlite3_column_int64(statement_, column);
}

double Use::real(int column) const {
  require_type(column, SQLITE_FLOAT, "a real number");
  return sqlite3_column_double(statement_, column);
}

std::string_view Use::text(int column) const {
  require_type(column, SQLITE_TEXT, "text");
  const unsigned char* begin = sqlite3_column_text(statement_, column);
  if (begin == nullptr) throw failure(sqlite3_db_handle(statement_));
  const int length = sqlite3_column_bytes(statement_, column);
  return {reinterpret_cast<const char*>(begin), static_cast<std::size_t>(length)};
}

std::optional<double> Use::real_or_null(int column) const {
  return is_null(column) ? std::nullopt : std::optional(real(column));
}

std::optional<std::string_view> Use::text_or_null(int column) const {
  return is_null(column) ? std::nullopt : std::optional(text(column));
}

void Use::require_type(int column, int type, std::string_view expected) const {
  if (sqlite3_column_type(statement_, column) != type) throw unexpected(column, expected);
}

Error Use::unexpected(int column, std::string_view expected) const {
  const auto* value = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
  const std::string found = value == nullptr ? "NULL" : base::printable(value);
  return damaged(sqlite3_db_handle(statement_),
                 fmt::format("column {} holds '{}', expected {}",
                             sqlite3_column_name(statement_, column), found, expected));
}

void Database::Close::operator()(sqlite3* database) const noexcept {
  // The second version waits for statements, whatever the order in which owners are destroyed.
  sqlite3_close_v2(database);
}

Database Database::open(const std::filesystem::path& path, Access access,
                        std::chrono::milliseconds busy_timeout) {
  sqlite3* handle = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &handle, flags_of(access), nullptr);
  Database database(handle);  // there is a handle to close even where opening failed
  if (handle == nullptr) throw Error(Errc::environment, "no memory to open the catalog");
  if (code != SQLITE_OK) throw open_failure(handle, path);
  database.require_rollback_mode();
  database.configure(busy_timeout);
  if (access != Access::read_only) database.require_writable();
  return database;
}

void Database::configure(std::chrono::milliseconds busy_timeout) {
  const auto most = std::chrono::milliseconds(std::numeric_limits<int>::max());
  sqlite3_busy_timeout(handle_.get(), static_cast<int>(std::min(busy_timeout, most).count()));
  sqlite3_limit(handle_.get(), SQLITE_LIMIT_LENGTH, max_row_bytes);
  sqlite3_limit(handle_.get(), SQLITE_LIMIT_ATTACHED, 0);
  constexpr std::array settings{
      std::pair{SQLITE_DBCONFIG_DEFENSIVE, 1}, std::pair{SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
      std::pair{SQLITE_DBCONFIG_ENABLE_FKEY, 1},
      // brine has no triggers and no views: one that is there was put there.
      std::pair{SQLITE_DBCONFIG_ENABLE_TRIGGER, 0}, std::pair{SQLITE_DBCONFIG_ENABLE_VIEW, 0},
      std::pair{SQLITE_DBCONFIG_DQS_DML, 0}, std::pair{SQLITE_DBCONFIG_DQS_DDL, 0}};
  for (const auto& [setting, value] : settings) {
    if (sqlite3_db_config(handle_.get(), setting, value, nullptr) != SQLITE_OK) {
      throw failure(handle_.get());
    }
  }
  // EXTRA also syncs the directory after the journal is unlinked: with FULL a power loss can bring
  // the journal back, and with it the state before the commit.
  constexpr std::array<Sql, 5> pragmas{"PRAGMA journal_mode = DELETE", "PRAGMA synchronous = EXTRA",
                                       "PRAGMA cell_size_check = ON", "PRAGMA mmap_size = 0",
                                       "PRAGMA temp_store = MEMORY"};
  for (const Sql pragma : pragmas) use(pragma).run();
}

// SQLite would take a database with the bytes of WAL mode for one, and make files beside it even
// for a reader. The header is read through SQLite's own descriptor: closing another one would drop
// every lock that this process holds on the file.
void Database::require_rollback_mode() const {
  constexpr std::string_view magic("SQLite format 3\0", 16);
  sqlite3_file* file = nullptr;
  sqlite3_file_control(handle_.get(), "main", SQLITE_FCNTL_FILE_POINTER, &file);
  sqlite3_int64 size = 0;
  std::array<char, 20> header{};  // magic, page size, write version, read version
  if (file->pMethods->xFileSize(file, &size) != SQLITE_OK) {
    throw Error(Errc::environment, fmt::format("catalog {}: cannot read its size", path()));
  }
  if (size == 0) return;
  file->pMethods->xRead(file, header.data(), static_cast<int>(header.size()), 0);
  if (std::string_view(header.data(), magic.size()) != magic) {
    throw damaged(handle_.get(), "it is no SQLite database");
  }
  if (header[18] != 1 || header[19] != 1) {
    throw damaged(handle_.get(), fmt::format("it is in journal mode {}/{}, expected 1/1 (rollback)",
                                             static_cast<unsigned char>(header[18]),
                                             static_cast<unsigned char>(header[19])));
  }
}

// SQLite opens a write-protected file for reading without a word.
void Database::require_writable() const {
  if (sqlite3_db_readonly(handle_.get(), "main") != 0) {
    throw Error(Errc::environment, fmt::format("catalog {}: no permission to write", path()));
  }
}

const Statement& Database::statement(Sql sql) {
  const auto found = statements_.find(sql.text());
  if (found != statements_.end()) return found->second;
  return statements_.emplace(sql.text(), Statement(handle_.get(), sql.text())).first->second;
}

void Database::run_script(std::string_view sql) {
  if (sqlite3_exec(handle_.get(), std::string(sql).c_str(), nullptr, nullptr, nullptr) !=
      SQLITE_OK) {
    throw failure(handle_.get());
  }
}

std::string Database::path() const { return path_of(handle_.get()); }

void Database::rollback() noexcept {
  if (sqlite3_get_autocommit(handle_.get()) != 0) return;
  sqlite3_exec(handle_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
}

Savepoint::Savepoint(Database& database) : database_(&database) {
  database_->use("SAVEPOINT brine").run();
}

Savepoint::~Savepoint() {
  if (database_ == nullptr) return;
  try {
    database_->run_script("ROLLBACK TO brine; RELEASE brine");
  } catch (const Error&) {
    // SQLite has rolled back everything already, as it does when the disk is full.
  }
}

void Savepoint::release() {
  database_->use("RELEASE brine").run();
  database_ = nullptr;
}

}  // namespace brine::catalog
