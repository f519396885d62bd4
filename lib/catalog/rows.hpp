// Rows of the catalog as values. A snapshot is found by its key, which statements return.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/catalog.hpp"
#include "catalog/sqlite.hpp"

namespace brine::catalog {

struct Catalog::Impl {
  Database database;
};

/// Column `number` of the table snapshots.
using Key = std::int64_t;

Snapshot read_snapshot(Database& database, Key key);
std::vector<SymbolCount> read_symbols(Database& database, Key key);
std::map<std::string, std::uint64_t> read_steps(Database& database, Key key);

/// Ids and line names become file names in the store, so what is no plain one is refused.
void require_plain_names(const Snapshot& snapshot, Errc code);

/// Reads the snapshots whose keys `keys` returns in its first column.
std::vector<Snapshot> read_all(Database& database, Use& keys);
/// Reads the first of them, if there is one.
std::optional<Snapshot> read_first(Database& database, Use& keys);

/// Absent texts are NULL in the catalog and empty in brine's structs.
inline std::optional<std::string_view> unless_empty(std::string_view text) {
  return text.empty() ? std::nullopt : std::optional(text);
}

/// The bound of a LIMIT; brine's 0 is SQLite's negative: no bound.
std::int64_t limit_of(std::uint64_t limit);

}  // namespace brine::catalog
