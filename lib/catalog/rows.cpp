#include "catalog/rows.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "base/names.hpp"
#include "base/text.hpp"

namespace brine::catalog {
namespace {

// Reads column `column` with one of the parsers of base/names.hpp.
template <typename Enum>
Enum word(const Use& row, int column, std::optional<Enum> (*parse)(std::string_view) noexcept,
          std::string_view expected) {
  if (const std::optional<Enum> value = parse(row.text(column))) return *value;
  throw row.unexpected(column, expected);
}

Codec codec(const Use& row, int column) {
  try {
    return parse_codec(row.text(column));
  } catch (const Error& error) {
    if (error.code() != Errc::usage) throw;
    throw row.unexpected(column, "a codec");
  }
}

std::map<std::string, double> metrics(Database& database, Key key) {
  Use rows = database.use("SELECT name, value FROM metrics WHERE snapshot = ?", key);
  std::map<std::string, double> all;
  while (rows.next()) {
    all.emplace(rows.text(0),
                rows.real_or_null(1).value_or(std::numeric_limits<double>::quiet_NaN()));
  }
  return all;
}

std::vector<std::string> tags(Database& database, Key key) {
  Use rows = database.use("SELECT tag FROM tags WHERE snapshot = ? ORDER BY tag", key);
  std::vector<std::string> all;
  while (rows.next()) all.emplace_back(rows.text(0));
  return all;
}

bool is_id(std::string_view text) {
  return text.size() == 64 && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

}  // namespace

void require_plain_names(const Snapshot& snapshot, Errc code) {
  if (!is_id(snapshot.id)) {
    throw Error(code, fmt::format("snapshot id '{}' is not 64 hex digits",
                                  base::printable(snapshot.id)));
  }
  if (!base::is_name(snapshot.line)) {
    throw Error(code, fmt::format("snapshot {} is of a line '{}', which is no name", snapshot.id,
                                  base::printable(snapshot.line)));
  }
}

Snapshot read_snapshot(Database& database, Key key) {
  Use row = database.use(
      "SELECT id, line, seq, parent, created, step, payload_bytes, stored_bytes, codec, format,"
      " protocol, origin, verdict, state FROM snapshots WHERE number = ?", key);
  if (!row.next()) {
    throw Error(Errc::corrupt, fmt::format("catalog {}: an index names snapshot number {}, which "
                                           "is not there", database.path(), key),
                "brine reindex");
  }
  Snapshot snapshot{
      .id = std::string(row.text(0)),
      .line = std::string(row.text(1)),
      .seq = row.number<std::uint64_t>(2),
      .parent = std::string(row.text_or_null(3).value_or("")),
      .created = std::string(row.text(4)),
      .step = row.number_or_null<std::int64_t>(5),
      .metrics = metrics(database, key),
      .tags = tags(database, key),
      .payload_bytes = row.number<std::uint64_t>(6),
      .stored_bytes = row.number<std::uint64_t>(7),
      .codec = codec(row, 8),
      .format = std::string(row.text(9)),
      .protocol = row.number<int>(10),
      .origin = word(row, 11, base::parse_origin, "an origin"),
      .verdict = word(row, 12, base::parse_verdict, "a verdict"),
      .state = word(row, 13, base::parse_state, "a state"),
  };
  require_plain_names(snapshot, Errc::corrupt);
  return snapshot;
}

std::vector<SymbolCount> read_symbols(Database& database, Key key) {
  Use rows = database.use(
      "SELECT module, name, count FROM snapshot_symbols JOIN symbols ON symbols.number = symbol"
      " WHERE snapshot = ? ORDER BY module, name", key);
  std::vector<SymbolCount> all;
  while (rows.next()) {
    all.push_back({.symbol = {std::string(rows.text(0)), std::string(rows.text(1))},
                   .count = rows.number<std::uint64_t>(2)});
  }
  return all;
}

std::map<std::string, std::uint64_t> read_steps(Database& database, Key key) {
  Use rows = database.use("SELECT name, version FROM snapshot_steps WHERE snapshot = ?", key);
  std::map<std::string, std::uint64_t> all;
  while (rows.next()) all.emplace(rows.text(0), rows.number<std::uint64_t>(1));
  return all;
}

std::vector<Snapshot> read_all(Database& database, Use& keys) {
  std::vector<Snapshot> all;
  while (keys.next()) all.push_back(read_snapshot(database, keys.number<Key>(0)));
  return all;
}

std::optional<Snapshot> read_first(Database& database, Use& keys) {
  if (!keys.next()) return std::nullopt;
  return read_snapshot(database, keys.number<Key>(0));
}

std::int64_t limit_of(std::uint64_t limit) {
  return limit == 0 || !std::in_range<std::int64_t>(limit) ? -1 : static_cast<std::int64_t>(limit);
}

}  // namespace brine::catalog
