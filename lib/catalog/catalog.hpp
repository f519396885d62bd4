// The SQLite catalog: an index of manifests, plus events and marks. It can be deleted: reindex
// rebuilds all but the events from the manifests.
//
// Rollback journal, synchronous=EXTRA, STRICT tables, foreign keys. Not WAL: SQLite before 3.51.3
// can corrupt a WAL database that two connections checkpoint at once, and Debian 12 has 3.40.1.
// The schema is migrations/catalog/NNNN_name.sql, applied in order and compiled in.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "brine/migration.hpp"
#include "brine/options.hpp"
#include "brine/snapshot.hpp"

namespace brine::catalog {

/// `application_id` of the database: the letters `brin`.
inline constexpr std::int32_t application_id = 0x6272696e;

enum class Access : std::uint8_t {
  create,  ///< make a new database; exists when there is one; an empty file counts as none
  read_write,
  /// Never writes a byte, not even to upgrade the schema (unsupported) or to undo a write that was
  /// interrupted (environment): both need somebody who may write.
  read_only,
};

/// What the catalog keeps of one snapshot.
struct Entry {
  Snapshot snapshot;
  std::vector<SymbolCount> symbols;
  std::map<std::string, std::uint64_t> steps;  ///< version of each table at save time
};

/// A migration table as it was registered.
struct RegisteredTable {
  std::string name;
  std::uint64_t version = 0;
  std::string digest;
  std::string title;
  std::string toml;        ///< the source text
  std::string registered;  ///< UTC
};

/// One connection. Not thread-safe: the store serialises its use.
/// Every call throws: corrupt with the hint `brine reindex` when the database is damaged or is no
/// catalog, busy when another process kept it locked, no_space, environment.
class Catalog {
  struct Impl;

 public:
  /// Opens `path` and brings its schema up to date.
  /// Throws also: not_found, exists, unsupported when a newer brine made it.
  static Catalog open(const std::filesystem::path& path, Access access,
                      std::chrono::milliseconds busy_timeout);

  Catalog(Catalog&&) noexcept;
  Catalog& operator=(Catalog&&) noexcept;
  ~Catalog();

  /// A write transaction (BEGIN IMMEDIATE). Rolled back unless committed. Lifetime: it must end
  /// before the catalog does, which may move meanwhile.
  class Transaction {
   public:
    Transaction(Transaction&&) noexcept;
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;
    ~Transaction();
    /// Durable when it returns.
    void commit();

   private:
    friend class Catalog;
    explicit Transaction(Impl* impl);
    Impl* impl_;
  };
  Transaction begin();

  // Snapshots.

  /// Returns the number that the next snapshot of `line` gets: one more than the highest.
  std::uint64_t next_seq(std::string_view line) const;
  /// Throws: exists when id or (line, seq) is taken.
  void insert(const Entry& entry);
  /// Throws: not_found.
  void set_state(std::string_view id, State state);
  /// Newest first: of one line by seq, of all by time of creation, then seq. All of `query` holds
  /// at once.
  std::vector<Snapshot> log(const LogQuery& query) const;
  std::optional<Snapshot> by_id(std::string_view id) const;
  /// At most two: enough to say that a prefix is ambiguous.
  std::vector<Snapshot> by_prefix(std::string_view prefix) const;
  std::optional<Snapshot> by_seq(std::string_view line, std::uint64_t seq) const;
  /// The highest seq of the line. With `state`, among those in that state.
  std::optional<Snapshot> latest(std::string_view line, std::optional<State> state = {}) const;
  /// The one with the highest seq below `seq`, in whatever state.
  std::optional<Snapshot> before(std::string_view line, std::uint64_t seq) const;
  /// The newest with this step; with this tag.
  std::optional<Snapshot> by_step(std::string_view line, std::int64_t step) const;
  std::optional<Snapshot> by_tag(std::string_view line, std::string_view tag) const;
  enum class Best : std::uint8_t { highest, lowest };
  /// NaN never wins; of equal ones the newest. Quarantined and revoked snapshots do not count.
  std::optional<Snapshot> best(std::string_view line, std::string_view metric, Best best) const;
  /// Known-good snapshots of `line` with seq below `seq`, newest first.
  std::vector<Snapshot> good_before(std::string_view line, std::uint64_t seq) const;
  /// Every line by name, for near misses.
  std::vector<std::string> lines() const;
  std::vector<SymbolCount> symbols(std::string_view id) const;
  std::map<std::string, std::uint64_t> steps(std::string_view id) const;

  // Tables.

  /// Throws: exists when (name, version) is taken.
  void insert_table(const RegisteredTable& table);
  /// By name, then version.
  std::vector<RegisteredTable> tables() const;
  /// Highest registered version of every table.
  std::map<std::string, std::uint64_t> newest_steps() const;
  /// Every entry that was saved under a step of `table` earlier than `version` (or none of it),
  /// with its symbols: what a new rule may touch.
  std::vector<Entry> saved_before(std::string_view table, std::uint64_t version) const;

  // Events.

  void add_event(const Event& event);
  /// Newest first; 0: all.
  std::vector<Event> events(std::uint64_t limit) const;

  /// Runs SQLite's own check. Returns what it says is wrong; empty: nothing.
  std::vector<std::string> check() const;

 private:
  explicit Catalog(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace brine::catalog
