#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "migrate/migrate.hpp"
#include "migrate/rule_order.hpp"

namespace brine::migrate {
namespace {

/// The rules of a step, in the order of their sources.
struct SortedRules {
  const std::vector<Rule>& rules;
  const std::vector<std::size_t>& by_source;

  const Rule* find(const RuleSource& wanted) const {
    const auto at = std::lower_bound(
        by_source.begin(), by_source.end(), wanted,
        [&](std::size_t index, const RuleSource& key) { return source_of(rules[index]) < key; });
    if (at == by_source.end() || source_of(rules[*at]) != wanted) return nullptr;
    return &rules[*at];
  }
};

struct Match {
  const Rule* rule;
  std::string_view rest;  ///< what stands behind the part that matched, from its dot on
};

/// Asks `find` for `text` and then for ever shorter dotted prefixes of it.
template <typename Find>
std::optional<Match> longest_prefix(std::string_view text, Find&& find) {
  for (std::size_t end = text.size(); end != std::string_view::npos;) {
    if (const Rule* rule = find(text.substr(0, end))) return Match{rule, text.substr(end)};
    end = text.substr(0, end).rfind('.');
  }
  return std::nullopt;
}

std::string joined(const std::string& front, std::string_view rest) {
  return std::string(front).append(rest);
}

std::string step_name(const Table& table) {
  return fmt::format("{}:{}", table.name, table.version);
}

}  // namespace

Step::Step(Table table) : table_(std::move(table)), by_source_(table_.rules.size()) {
  std::iota(by_source_.begin(), by_source_.end(), std::size_t{0});
  std::sort(by_source_.begin(), by_source_.end(), [&](std::size_t a, std::size_t b) {
    return source_of(table_.rules[a]) < source_of(table_.rules[b]);
  });
}

std::optional<Symbol> Step::apply(const Symbol& symbol) const {
  const SortedRules sorted{table_.rules, by_source_};
  const auto nested = longest_prefix(symbol.name, [&](std::string_view name) {
    return sorted.find({RuleKind::symbol, false, symbol.module, name});
  });
  if (nested) return Symbol{nested->rule->to.module, joined(nested->rule->to.name, nested->rest)};
  if (const Rule* exact = sorted.find({RuleKind::module, true, symbol.module, {}})) {
    return Symbol{exact->to.module, symbol.name};
  }
  const auto below = longest_prefix(symbol.module, [&](std::string_view module) {
    return sorted.find({RuleKind::module, false, module, {}});
  });
  if (below) return Symbol{joined(below->rule->to.module, below->rest), symbol.name};
  return std::nullopt;
}

std::optional<Rename> follow(const Symbol& symbol, std::span<const Step* const> steps) {
  Rename way{symbol, symbol, 0, {}};
  for (const Step* step : steps) {
    if (auto next = step->apply(way.to)) {
      way.to = std::move(*next);
      way.steps.push_back(step_name(step->table()));
    }
  }
  if (way.to == way.from) return std::nullopt;
  return way;
}

std::vector<Rename> plan(std::span<const SymbolCount> symbols, std::span<const Step* const> steps) {
  std::vector<Rename> renames;
  for (const SymbolCount& counted : symbols) {
    if (auto rename = follow(counted.symbol, steps)) {
      rename->count = counted.count;
      renames.push_back(std::move(*rename));
    }
  }
  return renames;
}

}  // namespace brine::migrate
