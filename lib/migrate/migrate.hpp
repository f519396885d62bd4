// Tables of renames, and what a sequence of them does to one symbol.
//
// One step is applied once, all its rules at the same time, never iterated to a fixed point:
// scikit-learn 0.22 moved cluster.hierarchical to cluster._hierarchical and, in the same release,
// cluster._hierarchical to cluster._hierarchical_fast. Steps compose in order; a return trip over
// several steps is legal.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "brine/migration.hpp"

namespace brine::migrate {

/// Reads and checks one table; its digest is left empty (see normalise). The grammar stands in
/// migrations/README.md. Refused, each with origin and line: unknown keys, names that are no dotted
/// identifiers, a rule that changes nothing, two rules of one rank for one source, a cycle of
/// symbol rules (a -> b and b -> a is a swap and legal: rules act at the same time; refused is only
/// what cannot mean anything), no rule at all.
/// Throws: migration, limit.
Table parse(std::string_view toml, std::string_view origin, const Limits& limits);

/// Writes the content of `table` in one way only: two files that mean the same give the same text.
std::string normalise(const Table& table);

/// The rules of one step, ready to be asked. Symbol beats exact module beats longest module prefix
/// (on a dot boundary: `a.b` covers `a.b` and `a.b.c`, not `a.bc`).
/// A symbol rule for `m:Outer` also covers the names nested in it, `m:Outer.Inner`.
class Step {
 public:
  explicit Step(Table table);
  const Table& table() const noexcept { return table_; }
  /// Returns the new name, or nothing when no rule has a say.
  std::optional<Symbol> apply(const Symbol& symbol) const;

 private:
  Table table_;
  std::vector<std::size_t> by_source_;  // indices of rules, sorted by source for binary search
};

/// Follows `symbol` through `steps` in order. Returns the way it took, or nothing when it ends as
/// the name that it was. `count` of the result is 0.
std::optional<Rename> follow(const Symbol& symbol, std::span<const Step* const> steps);

/// Applies follow() to each symbol and keeps those that change, in order of `symbols`.
std::vector<Rename> plan(std::span<const SymbolCount> symbols, std::span<const Step* const> steps);

}  // namespace brine::migrate
