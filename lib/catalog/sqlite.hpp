// SQLite as three small owners: a Database is a connection, a Statement is compiled SQL, and a Use
// binds values to a Statement and gives it back reset.
//
//   Use rows = database.use("SELECT seq FROM snapshots WHERE line = ?", line);
//   while (rows.next()) seqs.push_back(rows.number<std::uint64_t>(0));
#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "brine/error.hpp"
#include "catalog/catalog.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace brine::catalog {

/// SQL that is written in the source: never put together at run time, so that values are bound.
class Sql {
 public:
  consteval Sql(const char* literal) : text_(literal) {}  // NOLINT(google-explicit-constructor)
  constexpr std::string_view text() const noexcept { return text_; }

 private:
  std::string_view text_;
};

/// Compiled SQL. Lifetime: it keeps the connection open.
class Statement {
 public:
  /// Throws: corrupt when the schema on disk is not the one that `sql` was written for.
  Statement(sqlite3* database, std::string_view sql);

 private:
  friend class Use;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const noexcept;
  };
  std::unique_ptr<sqlite3_stmt, Finalize> handle_;
};

/// One run of a statement. Columns count from 0. Two Uses of one statement must not overlap.
class Use {
 public:
  explicit Use(const Statement& statement);
  /// Binds `values` in order: integers, doubles, text, optionals of them. They are copied.
  template <typename... Values>
  explicit Use(const Statement& statement, const Values&... values) : Use(statement) {
    int index = 0;
    (bind(++index, values), ...);
  }
  Use(const Use&) = delete;
  Use& operator=(const Use&) = delete;
  ~Use();

  /// Goes to the next row, if there is one.
  bool next();
  /// Goes through all rows.
  void run();
  /// Runs an INSERT or UPDATE with RETURNING to its end, which is where it commits on its own and
  /// where that can fail, and returns the number in its row, if there is one.
  std::optional<std::int64_t> run_returning();

  bool is_null(int column) const;
  /// Throws: corrupt when the column holds something else, or a number that does not fit.
  template <std::integral Number>
  Number number(int column) const {
    const std::int64_t value = integer(column);
    if (!std::in_range<Number>(value)) throw unexpected(column, "a number in range");
    return static_cast<Number>(value);
  }
  double real(int column) const;
  /// Lifetime: until the next call of next().
  std::string_view text(int column) const;

  template <std::integral Number>
  std::optional<Number> number_or_null(int column) const {
    return is_null(column) ? std::nullopt : std::optional(number<Number>(column));
  }
  std::optional<double> real_or_null(int column) const;
  std::optional<std::string_view> text_or_null(int column) const;

  /// Returns the error for a column that does not hold what it should.
  Error unexpected(int column, std::string_view expected) const;

 private:
  template <std::integral Number>
  void bind(int index, Number value) {
    if (!std::in_range<std::int64_t>(value)) throw too_large();
    bind_integer(index, static_cast<std::int64_t>(value));
  }
  template <typename Value>
  void bind(int index, const std::optional<Value>& value) {
    if (value) bind(index, *value);
  }
  void bind(int index, double value);
  void bind(int index, std::string_view value);
  void bind_integer(int index, std::int64_t value);
  std::int64_t integer(int column) const;
  void require_type(int column, int type, std::string_view expected) const;
  static Error too_large();

  sqlite3_stmt* statement_;
};

/// One connection, with the pragmas that brine relies on and every statement it has used.
class Database {
 public:
  /// Opens or makes the file. Access::create takes an empty file for none.
  /// Throws: not_found; corrupt when it is no SQLite database in rollback mode; environment.
  static Database open(const std::filesystem::path& path, Access access,
                       std::chrono::milliseconds busy_timeout);

  /// Compiles `sql` on its first use.
  template <typename... Values>
  Use use(Sql sql, const Values&... values) {
    return Use(statement(sql), values...);
  }

  /// Runs statements that return nothing.
  void run_script(std::string_view sql);

  /// The file, as SQLite resolved its name.
  std::string path() const;

  /// Rolls back what is under way, if anything is.
  void rollback() noexcept;

 private:
  struct Close {
    void operator()(sqlite3* database) const noexcept;
  };
  explicit Database(sqlite3* handle) : handle_(handle) {}
  const Statement& statement(Sql sql);
  void configure(std::chrono::milliseconds busy_timeout);
  void require_rollback_mode() const;
  void require_writable() const;

  std::unique_ptr<sqlite3, Close> handle_;
  std::map<std::string_view, Statement> statements_;
};

/// Several writes that happen together or not at all, inside a transaction or on their own.
class Savepoint {
 public:
  explicit Savepoint(Database& database);
  Savepoint(const Savepoint&) = delete;
  Savepoint& operator=(const Savepoint&) = delete;
  ~Savepoint();
  void release();

 private:
  Database* database_;
};

}  // namespace brine::catalog
