// Migration tables: how old names become new ones when a snapshot is loaded.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "brine/pickle.hpp"

namespace brine {

/// What a table may rename. The grammar of a table stands in migrations/README.md.
enum class RuleKind : std::uint8_t { module = 0, symbol = 1 };

/// One rewrite.
struct Rule {
  RuleKind kind = RuleKind::module;
  Symbol from;         ///< of a module rule, `name` is empty
  Symbol to;
  bool exact = false;  ///< module rules only: this module, nothing below it
  int line = 0;        ///< in the file that it was read from
  friend bool operator==(const Rule&, const Rule&) = default;
};

/// One step: a file of rules that are applied together, once.
struct Table {
  std::string name;
  std::uint64_t version = 0;
  std::string title;
  std::vector<Rule> rules;
  std::string digest;  ///< SHA-256 of the normalised content: spelling and comments do not count
};

/// A table that a store knows.
struct TableStatus {
  Table table;
  std::string registered;          ///< UTC
  std::uint64_t snapshots = 0;     ///< saved under an earlier step, and touched by a rule
};

/// One name that changes on the way from a snapshot to its reader.
struct Rename {
  Symbol from;
  Symbol to;
  std::uint64_t count = 0;         ///< pushes in the payload
  std::vector<std::string> steps;  ///< `name:version` of every step that had a part, in order
  friend bool operator==(const Rename&, const Rename&) = default;
};

/// The ordered steps that apply to one snapshot, and what they do to it.
struct MigrationPlan {
  std::string snapshot;
  std::vector<std::string> steps;  ///< `name:version`, all that are later than the snapshot
  std::vector<Rename> renames;     ///< empty: the payload is served as it is
};

/// Reads one table. `origin` names the file in messages.
/// Throws: migration with origin and line; limit.
BRINE_API Table parse_table(std::string_view toml, std::string_view origin,
                            const Limits& limits = {});

}  // namespace brine
