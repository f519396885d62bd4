#include "catalog/schema.hpp"

#include <fmt/format.h>

#include <utility>

#include "brine/hint.hpp"

namespace brine::catalog::schema {
namespace {

using Steps = std::span<const base::EmbeddedFile>;

std::int64_t pragma(Database& database, Sql sql) {
  Use rows = database.use(sql);
  rows.next();
  return rows.number<std::int64_t>(0);
}

// Nothing in it: SQLite writes the first page only with the first table.
bool is_empty(Database& database) {
  return pragma(database, "SELECT count(*) FROM sqlite_schema") == 0 &&
         pragma(database, "PRAGMA application_id") == 0 &&
         pragma(database, "PRAGMA user_version") == 0;
}

void require_catalog(Database& database) {
  const std::int64_t found = pragma(database, "PRAGMA application_id");
  if (found != application_id) {
    throw Error(Errc::corrupt,
                fmt::format("catalog {}: it is no catalog of brine: application id {:#x}, "
                            "expected {:#x}",
                            database.path(), found, application_id),
                "brine reindex");
  }
}

// Returns how many of `steps` the database has.
std::size_t version(Database& database, Steps steps) {
  require_catalog(database);
  const std::int64_t found = pragma(database, "PRAGMA user_version");
  if (std::cmp_greater(found, steps.size())) {
    throw Error(Errc::unsupported,
                fmt::format("catalog {}: a newer brine made it: schema version {}, this one knows "
                            "versions up to {}",
                            database.path(), found, steps.size()));
  }
  if (found < 1) {
    throw Error(Errc::corrupt,
                fmt::format("catalog {}: schema version {}, expected 1 to {}", database.path(),
                            found, steps.size()),
                "brine reindex");
  }
  return static_cast<std::size_t>(found);
}

// A pragma takes no bound values.
void run(Database& database, Steps steps, std::size_t done) {
  for (const base::EmbeddedFile& step : steps.subspan(done)) database.run_script(step.content);
  database.run_script(fmt::format("PRAGMA application_id = {}; PRAGMA user_version = {}",
                                  application_id, steps.size()));
}

// Runs `body` in a write transaction, so that of several processes that open a new or an old
// catalog at once one does the work and the others find it done.
template <typename Body>
void in_transaction(Database& database, Body&& body) {
  database.use("BEGIN IMMEDIATE").run();
  try {
    body();
    database.use("COMMIT").run();
  } catch (...) {
    database.rollback();
    throw;
  }
}

}  // namespace

void create(Database& database, Steps steps) {
  in_transaction(database, [&] {
    if (!is_empty(database)) {
      throw Error(Errc::exists, fmt::format("catalog {}: it is there already", database.path()));
    }
    run(database, steps, 0);
  });
}

void upgrade(Database& database, Access access, Steps steps) {
  const std::size_t found = version(database, steps);
  if (found == steps.size()) return;
  if (access == Access::read_only) {
    throw Error(Errc::unsupported,
                fmt::format("catalog {}: schema version {}, expected {}, and it may not be written",
                            database.path(), found, steps.size()),
                at_place("ls -la", database.path()));
  }
  in_transaction(database, [&] {
    const std::size_t done = version(database, steps);
    if (done < steps.size()) run(database, steps, done);
  });
}

}  // namespace brine::catalog::schema
