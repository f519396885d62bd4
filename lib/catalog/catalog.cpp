#include "catalog/catalog.hpp"

#include <fmt/format.h>

#include <cassert>
#include <utility>

#include "catalog/rows.hpp"
#include "catalog/schema.hpp"

namespace brine::catalog {
namespace {

// Returns the key, or nothing where id or (line, seq) is taken.
std::optional<Key> insert_snapshot(Database& database, const Snapshot& snapshot) {
  return database.use(
      "INSERT INTO snapshots (id, line, seq, parent, created, step, payload_bytes, stored_bytes,"
      " codec, format, protocol, origin, verdict, state)"
      " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
      " ON CONFLICT DO NOTHING RETURNING number",
      snapshot.id, snapshot.line, snapshot.seq, unless_empty(snapshot.parent), snapshot.created,
      snapshot.step, snapshot.payload_bytes, snapshot.stored_bytes, to_string(snapshot.codec),
      snapshot.format, snapshot.protocol, to_string(snapshot.origin), to_string(snapshot.verdict),
      to_string(snapshot.state)).run_returning();
}

// Most symbols are there already, and looking first keeps their pages clean.
Key intern(Database& database, const Symbol& symbol) {
  Use found = database.use("SELECT number FROM symbols WHERE module = ? AND name = ?",
                           symbol.module, symbol.name);
  if (found.next()) return found.number<Key>(0);
  return database.use("INSERT INTO symbols (module, name) VALUES (?, ?) RETURNING number",
                      symbol.module, symbol.name).run_returning().value();
}

void insert_labels(Database& database, Key key, const Snapshot& snapshot) {
  for (const auto& [name, value] : snapshot.metrics) {
    database.use("INSERT INTO metrics (snapshot, name, value) VALUES (?, ?, ?)", key, name, value)
        .run();
  }
  for (const std::string& tag : snapshot.tags) {
    database.use("INSERT OR IGNORE INTO tags (snapshot, tag) VALUES (?, ?)", key, tag).run();
  }
}

}  // namespace

Catalog::Catalog(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Catalog::Catalog(Catalog&&) noexcept = default;
Catalog& Catalog::operator=(Catalog&&) noexcept = default;
Catalog::~Catalog() = default;

Catalog Catalog::open(const std::filesystem::path& path, Access access,
                      std::chrono::milliseconds busy_timeout) {
  std::error_code absent;
  if (access == Access::create && std::filesystem::file_size(path, absent) > 0 && !absent) {
    throw Error(Errc::exists, fmt::format("catalog {}: it is there already", path.string()));
  }
  Database database = Database::open(path, access, busy_timeout);
  if (access == Access::create) {
    schema::create(database);
  } else {
    schema::upgrade(database, access);
  }
  return Catalog(std::make_unique<Impl>(Impl{std::move(database)}));
}

Catalog::Transaction::Transaction(Impl* impl) : impl_(impl) {}

Catalog::Transaction::Transaction(Transaction&& other) noexcept
    : impl_(std::exchange(other.impl_, nullptr)) {}

Catalog::Transaction::~Transaction() {
  if (impl_ != nullptr) impl_->database.rollback();
}

void Catalog::Transaction::commit() {
  assert(impl_ != nullptr);
  impl_->database.use("COMMIT").run();
  impl_ = nullptr;
}

Catalog::Transaction Catalog::begin() {
  impl_->database.use("BEGIN IMMEDIATE").run();
  return Transaction(impl_.get());
}

void Catalog::insert(const Entry& entry) {
  const Snapshot& snapshot = entry.snapshot;
  require_plain_names(snapshot, Errc::usage);
  Database& database = impl_->database;
  Savepoint savepoint(database);
  const std::optional<Key> key = insert_snapshot(database, snapshot);
  if (!key) {
    throw Error(Errc::exists, fmt::format("snapshot {}, {}:{}, is in the catalog already",
                                          snapshot.id, snapshot.line, snapshot.seq));
  }
  insert_labels(database, *key, snapshot);
  for (const auto& [symbol, count] : entry.symbols) {
    database.use("INSERT INTO snapshot_symbols (snapshot, symbol, count) VALUES (?, ?, ?)", *key,
                 intern(database, symbol), count).run();
  }
  for (const auto& [name, version] : entry.steps) {
    database.use("INSERT INTO snapshot_steps (snapshot, name, version) VALUES (?, ?, ?)", *key,
                 name, version).run();
  }
  savepoint.release();
}

void Catalog::set_state(std::string_view id, State state) {
  Use row = impl_->database.use("UPDATE snapshots SET state = ? WHERE id = ? RETURNING number",
                                to_string(state), id);
  if (!row.run_returning()) {
    throw Error(Errc::not_found, fmt::format("snapshot {} is not in the catalog", id));
  }
}

std::vector<std::string> Catalog::check() const {
  std::vector<std::string> wrong;
  Use pages = impl_->database.use("PRAGMA integrity_check");
  while (pages.next()) {
    if (pages.text(0) != "ok") wrong.emplace_back(pages.text(0));
  }
  if (!wrong.empty()) return wrong;
  Use references = impl_->database.use("SELECT \"table\", parent FROM pragma_foreign_key_check");
  while (references.next()) {
    wrong.push_back(fmt::format("a row of {} refers to a row of {} that is not there",
                                references.text(0), references.text(1)));
  }
  return wrong;
}

}  // namespace brine::catalog
