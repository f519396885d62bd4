// The order of rules by what they apply to: the same for the search and for the normalised text.
#pragma once

#include <compare>
#include <string_view>

#include "brine/migration.hpp"

namespace brine::migrate {

/// What a rule applies to. Two rules with one source contradict each other.
struct RuleSource {
  RuleKind kind = RuleKind::module;
  bool exact = false;
  std::string_view module;
  std::string_view name;
  friend auto operator<=>(const RuleSource&, const RuleSource&) = default;
};

/// Lifetime: that of `rule`.
inline RuleSource source_of(const Rule& rule) {
  return {rule.kind, rule.exact, rule.from.module, rule.from.name};
}

}  // namespace brine::migrate
