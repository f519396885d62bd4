// Migration tables, and the snapshots that a new step of one may touch.
#include <fmt/format.h>

#include "catalog/catalog.hpp"
#include "catalog/rows.hpp"

namespace brine::catalog {

void Catalog::insert_table(const RegisteredTable& table) {
  Use row = impl_->database.use(
      "INSERT INTO tables (name, version, digest, title, toml, registered)"
      " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING version",
      table.name, table.version, table.digest, table.title, table.toml, table.registered);
  if (!row.run_returning()) {
    throw Error(Errc::exists,
                fmt::format("table {}:{} is in the catalog already", table.name, table.version));
  }
}

std::vector<RegisteredTable> Catalog::tables() const {
  Use rows = impl_->database.use(
      "SELECT name, version, digest, title, toml, registered FROM tables ORDER BY name, version");
  std::vector<RegisteredTable> all;
  while (rows.next()) {
    all.push_back({.name = std::string(rows.text(0)),
                   .version = rows.number<std::uint64_t>(1),
                   .digest = std::string(rows.text(2)),
                   .title = std::string(rows.text(3)),
                   .toml = std::string(rows.text(4)),
                   .registered = std::string(rows.text(5))});
  }
  return all;
}

std::map<std::string, std::uint64_t> Catalog::newest_steps() const {
  Use rows = impl_->database.use("SELECT name, max(version) FROM tables GROUP BY name");
  std::map<std::string, std::uint64_t> all;
  while (rows.next()) all.emplace(rows.text(0), rows.number<std::uint64_t>(1));
  return all;
}

std::vector<Entry> Catalog::saved_before(std::string_view table, std::uint64_t version) const {
  Database& database = impl_->database;
  Use keys = database.use(
      "SELECT number FROM snapshots WHERE NOT EXISTS"
      " (SELECT 1 FROM snapshot_steps WHERE snapshot = number AND name = ? AND version >= ?)"
      " ORDER BY line, seq", table, version);
  std::vector<Entry> all;
  while (keys.next()) {
    const Key key = keys.number<Key>(0);
    all.push_back({.snapshot = read_snapshot(database, key),
                   .symbols = read_symbols(database, key),
                   .steps = read_steps(database, key)});
  }
  return all;
}

}  // namespace brine::catalog
