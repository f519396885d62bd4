#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "migrate/migrate.hpp"
#include "migrate/rule_order.hpp"

namespace brine::migrate {
namespace {

std::string spelled(const Symbol& symbol) {
  return symbol.name.empty() ? symbol.module : symbol.module + ":" + symbol.name;
}

void write(std::string& text, const Rule& rule) {
  // Names hold neither quotes nor backslashes, so that nothing needs an escape.
  fmt::format_to(std::back_inserter(text), "\n[[{}]]\nfrom = \"{}\"\nto = \"{}\"\n",
                 rule.kind == RuleKind::module ? "module" : "symbol", spelled(rule.from),
                 spelled(rule.to));
  if (rule.exact) text += "exact = true\n";
}

}  // namespace

// The text is a table itself, that parse() reads to the same rules. The title says nothing about
// what the rules do and is left out. A change of this form changes every digest: number it anew.
std::string normalise(const Table& table) {
  std::vector<const Rule*> rules;
  rules.reserve(table.rules.size());
  for (const Rule& rule : table.rules) rules.push_back(&rule);
  std::sort(rules.begin(), rules.end(),
            [](const Rule* a, const Rule* b) { return source_of(*a) < source_of(*b); });
  std::string text = fmt::format("# normal form 1\n[table]\nname = \"{}\"\nversion = {}\n",
                                 table.name, table.version);
  for (const Rule* rule : rules) write(text, *rule);
  return text;
}

}  // namespace brine::migrate
