// Snapshots by reference. Every statement returns keys, which rows.cpp turns into snapshots.
#include "base/arithmetic.hpp"
#include "catalog/catalog.hpp"
#include "catalog/rows.hpp"

namespace brine::catalog {

std::uint64_t Catalog::next_seq(std::string_view line) const {
  Use row = impl_->database.use("SELECT max(seq) FROM snapshots WHERE line = ?", line);
  row.next();
  return base::checked_add(row.number_or_null<std::uint64_t>(0).value_or(0), 1, "seq");
}

std::vector<Snapshot> Catalog::log(const LogQuery& query) const {
  Database& database = impl_->database;
  if (query.line) {
    Use keys = database.use(
        "SELECT number FROM snapshots WHERE line = ?1 AND"
        " (?2 IS NULL OR EXISTS (SELECT 1 FROM tags WHERE snapshot = number AND tag = ?2))"
        " ORDER BY seq DESC LIMIT ?3", *query.line, query.tag, limit_of(query.limit));
    return read_all(database, keys);
  }
  Use keys = database.use(
      "SELECT number FROM snapshots WHERE"
      " ?1 IS NULL OR EXISTS (SELECT 1 FROM tags WHERE snapshot = number AND tag = ?1)"
      " ORDER BY created DESC, number DESC LIMIT ?2", query.tag, limit_of(query.limit));
  return read_all(database, keys);
}

std::optional<Snapshot> Catalog::by_id(std::string_view id) const {
  Use keys = impl_->database.use("SELECT number FROM snapshots WHERE id = ?", id);
  return read_first(impl_->database, keys);
}

std::vector<Snapshot> Catalog::by_prefix(std::string_view prefix) const {
  // Ids are hex digits, and g comes after f.
  Use keys = impl_->database.use(
      "SELECT number FROM snapshots WHERE id >= ?1 AND id < ?1 || 'g' ORDER BY id LIMIT 2", prefix);
  return read_all(impl_->database, keys);
}

std::optional<Snapshot> Catalog::by_seq(std::string_view line, std::uint64_t seq) const {
  Use keys =
      impl_->database.use("SELECT number FROM snapshots WHERE line = ? AND seq = ?", line, seq);
  return read_first(impl_->database, keys);
}

std::optional<Snapshot> Catalog::latest(std::string_view line, std::optional<State> state) const {
  std::optional<std::string_view> word;
  if (state) word = to_string(*state);
  Use keys = impl_->database.use(
      "SELECT number FROM snapshots WHERE line = ?1 AND (?2 IS NULL OR state = ?2)"
      " ORDER BY seq DESC LIMIT 1", line, word);
  return read_first(impl_->database, keys);
}

std::optional<Snapshot> Catalog::before(std::string_view line, std::uint64_t seq) const {
  Use keys = impl_->database.use(
      "SELECT number FROM snapshots WHERE line = ? AND seq < ? ORDER BY seq DESC LIMIT 1", line,
      seq);
  return read_first(impl_->database, keys);
}

std::optional<Snapshot> Catalog::by_step(std::string_view line, std::int64_t step) const {
  Use keys = impl_->database.use(
      "SELECT number FROM snapshots WHERE line = ? AND step = ? ORDER BY seq DESC LIMIT 1", line,
      step);
  return read_first(impl_->database, keys);
}

std::optional<Snapshot> Catalog::by_tag(std::string_view line, std::string_view tag) const {
  Use keys = impl_->database.use(
      "SELECT number FROM snapshots JOIN tags ON snapshot = number WHERE line = ? AND tag = ?"
      " ORDER BY seq DESC LIMIT 1", line, tag);
  return read_first(impl_->database, keys);
}

std::optional<Snapshot> Catalog::best(std::string_view line, std::string_view metric,
                                      Best best) const {
  constexpr Sql highest =
      "SELECT number FROM snapshots JOIN metrics ON snapshot = number"
      " WHERE line = ? AND name = ? AND value IS NOT NULL"
      " AND state NOT IN ('quarantined', 'revoked') ORDER BY value DESC, seq DESC LIMIT 1";
  constexpr Sql lowest =
      "SELECT number FROM snapshots JOIN metrics ON snapshot = number"
      " WHERE line = ? AND name = ? AND value IS NOT NULL"
      " AND state NOT IN ('quarantined', 'revoked') ORDER BY value, seq DESC LIMIT 1";
  Use keys = impl_->database.use(best == Best::highest ? highest : lowest, line, metric);
  return read_first(impl_->database, keys);
}

std::vector<Snapshot> Catalog::good_before(std::string_view line, std::uint64_t seq) const {
  Use keys = impl_->database.use(
      "SELECT number FROM snapshots WHERE line = ? AND seq < ? AND state = 'good'"
      " ORDER BY seq DESC", line, seq);
  return read_all(impl_->database, keys);
}

std::vector<std::string> Catalog::lines() const {
  Use rows = impl_->database.use("SELECT DISTINCT line FROM snapshots ORDER BY line");
  std::vector<std::string> all;
  while (rows.next()) all.emplace_back(rows.text(0));
  return all;
}

std::vector<SymbolCount> Catalog::symbols(std::string_view id) const {
  Use keys = impl_->database.use("SELECT number FROM snapshots WHERE id = ?", id);
  if (!keys.next()) return {};
  return read_symbols(impl_->database, keys.number<Key>(0));
}

std::map<std::string, std::uint64_t> Catalog::steps(std::string_view id) const {
  Use keys = impl_->database.use("SELECT number FROM snapshots WHERE id = ?", id);
  if (!keys.next()) return {};
  return read_steps(impl_->database, keys.number<Key>(0));
}

}  // namespace brine::catalog
