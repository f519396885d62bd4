#include <sys/resource.h>

#include <csignal>
#include <limits>

#include "catalog/schema.hpp"
#include "catalog/sqlite.hpp"
#include "catalog_support.hpp"

using namespace brine;
using namespace brine::catalog;
using namespace brine::test;

namespace {

struct Fixture {
  TemporaryDirectory directory;
  std::filesystem::path path = directory / "t.sqlite";
  Database database = Database::open(path, Access::create, patience);

  std::int64_t number(Sql sql) {
    Use row = database.use(sql);
    row.next();
    return row.number<std::int64_t>(0);
  }
};

// While it lives, a write past `bytes` of any file fails with EFBIG.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{bytes, before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }

 private:
  void (*handler_)(int);
  rlimit before_{};
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(sqlite, Fixture)

BOOST_AUTO_TEST_CASE(the_pragmas_that_durability_rests_on_are_set) {
  Use mode = database.use("PRAGMA journal_mode");
  BOOST_TEST(mode.next());
  BOOST_TEST(mode.text(0) == "delete");
  BOOST_TEST(number("PRAGMA synchronous") == 3);
  BOOST_TEST(number("PRAGMA foreign_keys") == 1);
  BOOST_TEST(number("PRAGMA trusted_schema") == 0);
  BOOST_TEST(number("PRAGMA cell_size_check") == 1);
  Use mapped = database.use("PRAGMA mmap_size");
  BOOST_TEST((!mapped.next() || mapped.number<int>(0) == 0));
}

BOOST_AUTO_TEST_CASE(values_come_back_as_they_went_in) {
  Use row = database.use("SELECT ?, ?, ?, ?, ?", std::numeric_limits<std::int64_t>::min(), -0.5,
                         std::string_view("a\0b", 3), std::optional<std::int64_t>(),
                         std::optional<std::string_view>("x"));
  BOOST_REQUIRE(row.next());
  BOOST_TEST(row.number<std::int64_t>(0) == std::numeric_limits<std::int64_t>::min());
  BOOST_TEST(row.real(1) == -0.5);
  BOOST_TEST(row.text(2) == std::string_view("a\0b", 3));
  BOOST_TEST(row.is_null(3));
  BOOST_TEST(!row.number_or_null<int>(3).has_value());
  BOOST_TEST(row.text_or_null(4).value_or("") == "x");
  BOOST_TEST(!row.next());
}

BOOST_AUTO_TEST_CASE(an_empty_text_is_not_null) {
  Use row = database.use("SELECT ?", std::string_view());
  BOOST_REQUIRE(row.next());
  BOOST_TEST(row.text(0).empty());
}

BOOST_AUTO_TEST_CASE(a_column_of_another_type_or_range_is_corrupt) {
  Use row = database.use("SELECT 'x' AS words, -1 AS negative, 300 AS large, NULL AS absent");
  BOOST_REQUIRE(row.next());
  expect_error(Errc::corrupt, "column words holds 'x', expected an integer",
               [&] { row.number<int>(0); });
  expect_error(Errc::corrupt, "column negative holds '-1', expected a number in range",
               [&] { row.number<std::uint64_t>(1); });
  expect_error(Errc::corrupt, "large", [&] { row.number<std::uint8_t>(2); });
  expect_error(Errc::corrupt, "expected text", [&] { row.text(3); });
  expect_error(Errc::corrupt, "expected a real number", [&] { row.real(0); });
}

BOOST_AUTO_TEST_CASE(a_number_that_sqlite_cannot_hold_is_over_the_limit) {
  expect_error(Errc::limit, "63 bits",
               [&] { database.use("SELECT ?", std::numeric_limits<std::uint64_t>::max()); });
}

BOOST_AUTO_TEST_CASE(a_statement_is_clean_after_an_abandoned_use) {
  constexpr Sql sql = "SELECT ?1 UNION ALL SELECT 2";
  {
    Use abandoned = database.use(sql, 1);
    abandoned.next();
  }
  Use again = database.use(sql);
  BOOST_REQUIRE(again.next());
  BOOST_TEST(again.is_null(0));
}

BOOST_AUTO_TEST_CASE(a_database_can_be_moved_with_its_statements) {
  BOOST_TEST(number("SELECT 1") == 1);
  Database moved = std::move(database);
  Use row = moved.use("SELECT 1");
  BOOST_TEST(row.next());
}

BOOST_AUTO_TEST_CASE(a_name_that_is_missing_on_disk_is_corrupt) {
  expect_error(Errc::corrupt, "no such table: snapshots",
               [&] { database.use("SELECT 1 FROM snapshots"); });
}

BOOST_AUTO_TEST_CASE(a_nested_transaction_is_a_bug_of_ours) {
  database.use("BEGIN IMMEDIATE").run();
  expect_error(Errc::internal, "within a transaction",
               [&] { database.use("BEGIN IMMEDIATE").run(); });
}

BOOST_AUTO_TEST_CASE(a_savepoint_keeps_all_or_nothing) {
  database.run_script("CREATE TABLE t (x INTEGER) STRICT");
  {
    Savepoint dropped(database);
    database.use("INSERT INTO t VALUES (1)").run();
  }
  BOOST_TEST(number("SELECT count(*) FROM t") == 0);
  Savepoint kept(database);
  database.use("INSERT INTO t VALUES (1)").run();
  kept.release();
  BOOST_TEST(number("SELECT count(*) FROM t") == 1);
}

BOOST_AUTO_TEST_CASE(a_savepoint_ends_inside_its_transaction) {
  database.run_script("CREATE TABLE t (x INTEGER) STRICT; BEGIN IMMEDIATE");
  {
    Savepoint dropped(database);
    database.use("INSERT INTO t VALUES (1)").run();
  }
  database.use("INSERT INTO t VALUES (2)").run();
  database.run_script("COMMIT");
  BOOST_TEST(number("SELECT x FROM t") == 2);
}

BOOST_AUTO_TEST_CASE(a_missing_file_is_not_found_and_is_not_made) {
  for (const Access access : {Access::read_write, Access::read_only}) {
    expect_error(Errc::not_found, "none.sqlite", [&] {
      Database::open(directory / "none.sqlite", access, patience);
    });
  }
  BOOST_TEST(!std::filesystem::exists(directory / "none.sqlite"));
}

BOOST_AUTO_TEST_CASE(a_directory_in_its_place_is_the_environment) {
  std::filesystem::create_directory(directory / "d.sqlite");
  for (const Access access : {Access::create, Access::read_write, Access::read_only}) {
    expect_error(Errc::environment, "d.sqlite",
                 [&] { Database::open(directory / "d.sqlite", access, patience); });
  }
}

BOOST_AUTO_TEST_CASE(a_read_only_connection_refuses_to_write) {
  database.run_script("CREATE TABLE t (x INTEGER) STRICT");
  Database reader = Database::open(path, Access::read_only, patience);
  expect_error(Errc::environment, "readonly",
               [&] { reader.use("INSERT INTO t VALUES (1)").run(); });
}

BOOST_AUTO_TEST_CASE(a_full_disk_says_so_and_leaves_the_state_before) {
  database.run_script("CREATE TABLE t (x TEXT) STRICT; INSERT INTO t VALUES ('kept')");
  database.run_script("PRAGMA max_page_count = 4");
  expect_error(Errc::no_space, "full", [&] {
    database.use("INSERT INTO t VALUES (?)", std::string(100'000, 'x')).run();
  });
  BOOST_TEST(number("SELECT count(*) FROM t") == 1);
}

BOOST_AUTO_TEST_CASE(a_failed_write_is_the_environment_and_leaves_the_state_before) {
  database.run_script("CREATE TABLE t (x TEXT) STRICT; INSERT INTO t VALUES ('kept')");
  const std::string before = read_file(path);
  {
    const FileSizeLimit limit(before.size());
    expect_error(Errc::environment, "disk I/O error", [&] {
      database.use("INSERT INTO t VALUES (?)", std::string(100'000, 'x')).run();
    });
  }
  BOOST_TEST(number("SELECT count(*) FROM t") == 1);
  BOOST_TEST((read_file(path) == before));
}

BOOST_AUTO_TEST_CASE(a_database_in_wal_mode_is_refused_and_gains_no_files) {
  database.run_script("CREATE TABLE t (x INTEGER) STRICT");
  std::string bytes = read_file(path);
  bytes[18] = bytes[19] = 2;
  write_file(directory / "wal.sqlite", bytes);
  const auto before = listing(directory.path());
  for (const Access access : {Access::read_write, Access::read_only}) {
    expect_error(Errc::corrupt, "journal mode 2/2, expected 1/1",
                 [&] { Database::open(directory / "wal.sqlite", access, patience); });
  }
  BOOST_TEST((listing(directory.path()) == before));
}

BOOST_AUTO_TEST_SUITE_END()
