// What a symbol is allowed to be: exact names, default deny.
//
// Block-lists are unsound by construction (forty advisories against one scanner say so), so the
// verdict `safe` needs every symbol on an allow-list. The deny-list only sharpens the message and
// the verdict of names that are known to run code.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "brine/pickle.hpp"
#include "pickle/calls.hpp"

namespace brine::scan {

/// A symbol as a payload pushes it, or as calls lead to it.
struct SeenSymbol {
  Symbol symbol;
  int protocol = 0;  ///< in force at the push: under 3, Python 2 names are mapped
  std::uint64_t count = 0;
  std::uint64_t offset = 0;  ///< of the first push
  pickle::Roles roles = pickle::role::value;
};

/// From good to bad. `misused`: on an allow-list, but not for what the payload does with it.
enum class Standing : std::uint8_t { allowed, misused, unlisted, denied };

/// Allow-lists and deny-list. Built in: the files of lib/scan/lists, compiled in.
/// Thread-safety: const calls from any thread.
class Policy {
 public:
  /// `trusted`: `package.module:Name` or `package.module` (every name in exactly this module).
  /// What is denied stays denied: trust in a module does not lift it, trust in the exact symbol
  /// does. Throws: usage for a malformed entry.
  explicit Policy(std::span<const std::string> trusted = {});

  /// Judges the whole dotted name as written, and, when `protocol` is under 3, also the name that
  /// Python 3 maps it to (fix_imports); the worse of the two counts. A module (its name is empty)
  /// is allowed with the symbols in it.
  Standing standing(const Symbol& symbol, int protocol,
                    pickle::Roles roles = pickle::role::value) const;

  /// Whether the user vouches for exactly this symbol.
  bool is_trusted(const Symbol& symbol) const;

 private:
  struct Lists;
  std::shared_ptr<const Lists> lists_;
};

/// Returns the symbol if an entry of `trusted` can spell it.
std::optional<Symbol> trustable(const Symbol& symbol);

/// Returns one finding per symbol that is not allowed, by offset: what, and why it counts.
std::vector<Finding> judge(std::span<const SeenSymbol> symbols, const Policy& policy);

}  // namespace brine::scan
